# What a person reads instead of an error: a sentence for each, its id is error-<name of the class>.

error = Something went wrong. We know about it: please try again a little later.
error-invalid = This request cannot be carried out.
error-unproven = We could not verify who sent this request.
error-not-found = There is nothing here.
error-conflict = This cannot be done right now.
error-outside = An outside service answered with an error. Please try again a little later.
error-unavailable = The service does not answer right now. Please try again in a minute.
error-refused = An outside service refused. Write to support if it happens again.
error-no-answer = An outside service did not answer. Please try again in a minute.
error-database-unavailable = We are away for a moment. Please try again in a minute.

error-body-too-large = The request is too large.
error-no-such-link = There is no such link, or it was replaced by a new one. The current one is in the bot, in “My subscription”.
error-no-such-return = There is no such payment. Go back to the bot.

error-user-not-found = We do not know you yet. Tap /start.
error-person-unreachable = We cannot write to you: the bot is blocked.
error-heard-by-some = Not everybody could be told. Please try again later.
error-not-said = The message could not be sent. Please try again in a minute.
error-turned-down = The message could not be sent. Please try again in a minute.
error-slow-down = Too many messages at once. Please try again in a minute.

error-plan-not-on-sale = This plan is no longer on sale. These are on sale now.
error-plan-not-found = There is no such plan.
error-plan-exists = There is such a plan already.
error-trial-used = You have used your trial: everybody gets it once.
error-no-trial = There is no trial right now.
error-subscription-not-found = You have no such subscription.

error-order-not-found = There is no such order.
error-payment-not-found = There is no such payment.
error-provider-not-configured = This payment method is not available right now. Please choose another one.
error-method-unavailable = This way of paying does not work right now, and nothing was charged. Choose another one, or try again in a few minutes.
error-no-such-address = There is nothing at this address.

error-server-not-found = There is no such server.
error-no-endpoint = There is nothing to connect to on this server yet.
error-panel-auth-failed = The server did not take our key. We are on it.
error-panel-not-recognized = The server gave an answer we do not understand. We are on it.
error-panel-refused = The server refused. We are on it.

error-forbidden = This is not available to you.
error-too-often = Too often. Please wait a minute.
error-invalid-fields = These values do not fit: { $fields }.

error-not-from-telegram = We could not verify your Telegram login. Please open the app from the bot again.
error-telegram-login-expired = Your Telegram login has expired. Please open the app from the bot again.
error-access-refused = Please log in again.
error-refresh-refused = You have been logged out. Please log in again.
error-out-of-scope = This access key does not allow that.
error-person-blocked = This account is blocked. Please write to support.
error-logins-too-often = Too many login attempts. Please wait a minute.
error-cursor-refused = The list has changed. Please open it again.

problem-open-bot = Open the bot
