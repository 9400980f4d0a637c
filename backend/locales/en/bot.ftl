# The bot: shared buttons, the main screen, settings, the menu of commands.

button-back = ◀️ Back
button-home = 🏠 Main menu
button-subscription = 🎫 My subscription
button-settings = ⚙️ Settings
button-help = ❓ Help
button-connect = 🚀 Connect
button-how = ❓ How to connect
button-plans = 💎 Plans
button-extend = ⏩ Extend

-nbsp = { "\u00A0" }
days-count =
    { $days ->
        [one] { $days }{ -nbsp }day
       *[other] { $days }{ -nbsp }days
    }
days-left =
    { $days ->
        [one] { $days }{ -nbsp }day left
       *[other] { $days }{ -nbsp }days left
    }

home-hello = 👋 Hello, { $name }!
home-hello-nameless = 👋 Hello!
home-nothing = This is <b>{ $shop }</b>: a protected connection for your phone and computer. The key comes right into this chat, and connecting takes a minute.
home-nothing-trial = { home-nothing } The first { days-count } are free, no card needed.
home-active =
    ✅ <b>Your subscription is active</b>
    Until { $moment } — { days-left }.
home-active-trial =
    🎁 <b>Your trial is running</b>
    Until { $moment } — { days-left }.
home-ending =
    ⏳ <b>Your subscription ends soon</b>
    { $moment } — { days-left }.
home-ending-trial =
    ⏳ <b>Your trial ends soon</b>
    { $moment } — { days-left }.
home-ended =
    ⌛️ <b>Your subscription has ended</b>
    { $moment }. Extend it: the key and the link stay the same, nothing has to be set up again.
home-ended-trial =
    ⌛️ <b>Your trial has ended</b>
    { $moment }. Choose a plan: the key and the link stay the same, nothing has to be set up again.
home-extend = You can extend early: new days are added to those you have left.
home-blocked = 🚫 <b>Your access is suspended</b>
    Write to us and we will sort it out: { $support }

button-trial =
    { $days ->
        [one] 🎁 Try { $days } day for free
       *[other] 🎁 Try { $days } days for free
    }
trial-started =
    🎁 <b>Trial until { $moment }</b>

    🔑 Your key is on its way: it comes in the next message.
trial-added = 🎁 <b>Your trial days are added</b>
trial-running =
    🎁 <b>Trial until { $moment }</b>

    🔑 Your key and link are in “My subscription”.

plans-title = 💎 <b>Plans</b>
plans-none = Nothing is on sale right now. Please look in later.
plan-line = { $plan } — <b>{ $price }</b>
plan-line-saving = { $plan } — <b>{ $price }</b> · { $monthly } a month · −{ $saving }%
button-plan = 📅 { $plan } · { $price }
button-plan-saving = 📅 { $plan } · { $price } · −{ $saving }%

settings-title = ⚙️ <b>Settings</b>
settings-language = Which language do you prefer?
settings-chosen = Language: English
button-language-chosen = ✅ { $language }
language-name = 🇬🇧 English

fallback-text = I only understand buttons and commands. Here is the main menu:
fallback-old-button = This button is out of date. Here is a fresh menu.
group-only-private = I only answer in private messages: { $url }
throttled = Too fast. Wait a couple of seconds and tap again.

command-start = Main menu
command-subscription = My subscription: key, time, traffic
command-plans = Plans
command-settings = Language
command-help = How to connect
command-terms = Terms and refunds
command-paysupport = Payment questions

bot-description =
    { $shop }: a protected connection for your phone and computer.

    The key comes right into the chat, and connecting takes a minute. Tap “Start”.
bot-about = { $shop }: for your phone and computer. The key comes right into the chat.
