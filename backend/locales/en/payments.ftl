# Payment: methods, the order, and what became of it.

provider-yookassa = YooKassa

method-bank_card = bank card
method-sbp = SBP
method-yoo_money = YooMoney wallet
button-method-bank_card = 💳 Bank card
button-method-sbp = ⚡️ SBP
button-method-yoo_money = 👛 YooMoney wallet
button-method-price = { $method } · { $price }

methods-title = 🧾 <b>{ $plan }</b> — { days-count }, <b>{ $price }</b>
methods-choose = How would you like to pay?
methods-none = Payment is not available right now. Write to us: { $support }
methods-test = 🧪 This is a test shop: no money is taken.
methods-test-some = 🧪 marks test methods: they take no money.

consent-offer = the offer
consent-privacy = the privacy policy
consent-methods = By tapping a payment method you accept { $offer } and { $privacy }.
consent-trial = By tapping “Try” you accept { $offer } and { $privacy }.
consent-plan = By choosing a plan you accept { $offer } and { $privacy }.
consent-trial-plan = By tapping “Try” or choosing a plan you accept { $offer } and { $privacy }.
consent-pay = By tapping “Pay” you accept { $offer } and { $privacy }.
consent-service = Service: access for { days-count }, price { $price }.
consent-seller = Provided by: { $seller }.
consent-terms = The terms in short: /terms

checkout-title = 🧾 <b>Order No. { $order }</b>
checkout-plan = { $plan } — { days-count }, <b>{ $price }</b>
checkout-method = Payment method: { $method }
checkout-until = The payment link works until { $moment }.
checkout-preparing = ⏳ Preparing the payment page. It usually takes a few seconds; this message updates by itself.
button-pay = 💳 Pay { $price }
button-check = ✅ I have paid
button-refresh = 🔄 Refresh
button-other-method = 🔀 Another method
button-try-again = 🔄 Try again

check-waiting = The payment has not arrived yet. If you have already paid, wait a moment: this message updates by itself.
check-confirming = The payment is in, and the provider is confirming it. This message updates by itself.
check-paid = ✅ Payment received!
check-review = The payment is in, and we are checking it by hand. Your money is safe.
refresh-not-yet = The payment page is not ready yet.

paid-title = ✅ <b>Paid: { $price }</b>
paid-for = { $plan } · order No.{ -nbsp }{ $order }
paid-late = The payment came late, but we have counted it.
paid-until = Your subscription is valid until { $moment }.
paid-key-coming = 🔑 Your key is on its way: I will send it here as soon as it works.
paid-extended = 📅 Added: { days-count }. Your subscription is valid until { $moment }.
paid-same-key = The key and the link are the same, nothing has to change in your app.
paid-closed = 🚫 Your access is suspended, so the key does not work. The days are booked, and the seller decides whether the money goes back. Write to us: { $support }

review-title = 🔎 <b>The payment is in, and we are checking it</b>
review-wait = It differs from the order, so a person looks at it. Your money is safe, and the answer comes here. If it takes long, write to us: { $support }

seen-title = ⏳ <b>Your transfer was seen on the network</b>
seen-wait = We are waiting for confirmations, which usually takes from a few minutes to an hour. There is nothing you need to do: the key comes as soon as the transfer is confirmed.

failed-title = ❌ <b>The payment did not go through</b>
failed-expired-title = ⌛️ <b>The time to pay has run out</b>
failed-safe = No money was taken. Try again or choose another method.

failure-unknown = The payment was declined.
failure-3d_secure_failed = The bank did not confirm the payment: the code was missing or wrong.
failure-call_issuer = Your bank declined the payment. Its support can tell you why.
failure-canceled_by_merchant = The shop canceled the payment.
failure-card_expired = The card has expired.
failure-country_forbidden = Cards from this country are not accepted here.
failure-email_refused = The address for the receipt was not accepted. Check it under Settings → E-mail for receipts.
failure-expired_on_confirmation = The payment link no longer works.
failure-expired_on_capture = The payment was not confirmed in time, and the hold on this sum was released.
failure-fraud_suspected = The payment was stopped by fraud protection.
failure-general_decline = The payment was declined, and nobody said why.
failure-identification_required = A payment like this needs an identified YooMoney wallet.
failure-insufficient_funds = There is not enough money in the account.
failure-internal_timeout = The payment system did not process the payment in time.
failure-invalid_card_number = The card number is wrong.
failure-invalid_csc = The code on the back of the card is wrong.
failure-issuer_unavailable = The bank that issued the card is not responding right now.
failure-payment_method_limit_exceeded = A limit of this card, wallet or shop has been exceeded.
failure-payment_method_restricted = Payments with this card or wallet are not allowed.
failure-permission_revoked = The permission to charge was withdrawn.
failure-rejected_by_timeout = The payment took too long.
failure-unsupported_mobile_operator = This mobile operator is not supported.
failure-never_answered = The payment system never answered.

ending-soon =
    { $days ->
        [one] ⏳ <b>Your subscription ends in less than a day</b>
       *[other] ⏳ <b>Your subscription ends in { $days } days</b>
    }
ending-moment = { $moment }. Extend it early: new days are added to those you have left, the key and the link do not change.
ending-soon-trial =
    { $days ->
        [one] ⏳ <b>Your trial ends in less than a day</b>
       *[other] ⏳ <b>Your trial ends in { $days } days</b>
    }
ending-moment-trial = { $moment }. Did you like it? Choose a plan now: the days you have left are kept, the key and the link do not change.
ended-title-trial = ⌛️ <b>Your trial has ended</b>
ended-moment-trial = { $moment }. To stay connected, choose a plan: the key and the link stay the same.
ended-title = ⌛️ <b>Your subscription has ended</b>
ended-moment = { $moment }. Extend it: the key and the link stay the same, nothing has to be set up again.

provider-coingate = CoinGate

method-btc = Bitcoin
method-eth = Ethereum
method-ltc = Litecoin
button-method-btc = 🟠 BTC
button-method-eth = 🔷 ETH
button-method-ltc = ⚪️ LTC
methods-hint-coingate = 🪙 { $price } in crypto. The rate is fixed for 20 minutes: send the exact amount over the network shown. A payment that comes later is still counted within a day.

failure-expired = The invoice was not paid in time. If you have already sent coins, there is nothing to do: they will be counted when they arrive.
failure-canceled = The payment was canceled on the invoice page.
failure-invalid = The network rejected the transfer, or the payment system did not accept it.

provider-stars = Telegram Stars

method-stars = Telegram Stars
button-method-stars = ⭐️ Telegram Stars

precheckout-busy = We could not check the order. No Stars were taken: please try again in a minute.
precheckout-foreign = This invoice is for somebody else. Open the bot and place an order of your own.
precheckout-gone = This invoice is no longer valid. Open the bot and choose a plan again.
precheckout-paid = This order is already paid, there is no need to pay twice.
precheckout-held = Payment in Stars is paused for now. No Stars were taken: choose another way to pay, or try later.
precheckout-blocked = Payment is not available. Write to support: send /paysupport.

refunded-title = ↩️ <b>Refunded: { $amount }</b>
refunded-until = The days it paid for are taken off. Your subscription is valid until { $moment }.
refunded-ended = The days it paid for are taken off, and your subscription has ended. The key will work again once you renew.
refunded-foreign = This payment did not match any of your orders, so we returned it. To buy a subscription, choose a plan in the bot.
