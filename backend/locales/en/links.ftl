# The subscription link: the connect page and the lines a VPN app shows.

link-title = { $title } — connect
link-language = Language

link-status-active = Subscription active
link-status-ending = Subscription ends soon
link-status-expired = Subscription ended
link-status-limited = Traffic used up
link-status-disabled = Access suspended
link-status-none = Preparing your key

link-days-left =
    { $days ->
        [one] { $days } day left
       *[other] { $days } days left
    }
link-hours-left =
    { $hours ->
        [one] { $hours } hour left
       *[other] { $hours } hours left
    }
link-minutes-left = Less than an hour left
link-no-end = No time limit
link-until = until { $moment }
link-paid-until = You have access until { $moment }

link-headline-expired = VPN is off
link-headline-limited = VPN is off
link-headline-disabled = VPN is off
link-headline-none = Almost there
link-explain-expired = Access ended on { $moment }. Renew the subscription: the link and the settings in your app stay the same, nothing has to be added again.
link-explain-limited = Renew the subscription in the bot: the link and the settings in your app stay the same.
link-explain-disabled = Write to support and we will sort it out.
link-explain-none = This usually takes less than a minute. The page refreshes by itself.

link-traffic = Traffic
link-traffic-limited = { $used } of { $total }
link-traffic-unlimited = { $used }, no limit
link-size-mb = { $number } MB
link-size-gb = { $number } GB
link-size-tb = { $number } TB

link-renew = Renew
link-back = Back to the bot
link-support = Support

link-guide = How to connect
link-system-choice = Your device
link-system-ios = iPhone
link-system-android = Android
link-system-windows = Windows
link-system-macos = macOS
link-system-linux = Linux
link-recommended = Recommended
link-step-install = Install { $app }
link-step-add = Add the subscription
link-step-add-manually = Copy the link and add it to { $app } from the clipboard
link-step-connect = Turn the VPN on
link-step-connect-hint = Pick a server and tap the power button. The first time your system asks for permission to use a VPN: allow it.
link-add = Add to { $app }
link-other-apps = Other apps
link-store-app-store = App Store
link-store-app-store-ru = App Store (Russia)
link-store-google-play = Google Play
link-store-microsoft-store = Microsoft Store
link-store-github = Download from GitHub

link-link = Your link
link-link-hint = Your app gets its servers from this link and keeps the list up to date by itself.
link-private = The link is personal: whoever has it can use your subscription.
link-copy = Copy link
link-copy-key = Copy key
link-copied = Copied
link-qr = QR code of the link
link-qr-hint = To connect another device, scan the code with the app on that device.
link-keys = Keys for manual setup
link-keys-hint = If an app does not understand the subscription link, add the key of a single server. Such keys do not update by themselves.
link-key-qr = QR code of the key
link-key-too-long = This key is too long for a QR code: copy it instead.

link-open-title = Opening { $app }
link-open-hint = You will be asked whether to open { $app }. Agree, and the subscription is added by itself.
link-open = Open { $app }
link-open-missing = Nothing happened?
link-open-install = If { $app } is not installed yet, install it and come back to this page:
link-open-telegram = If this page opened inside Telegram, choose “Open in browser” in its menu: the jump works from there.
link-open-manually = Or copy the link and add it in the app from the clipboard:
link-open-manual-title = Add the subscription to { $app }
link-open-page = All ways to connect

link-gone-title = This link does not work
link-gone-why = It was replaced by a new one, or copied only in part.
link-gone-what = Open the bot that gave it to you: the new link is under “My subscription”.

link-preview-title = Connect to the VPN
link-preview-text = Open the link in a browser or add it to a VPN app.

link-notice-expired = Subscription ended on { $day }. Renew it in the bot
link-notice-limited = Traffic used up. Renew the subscription in the bot
link-notice-disabled = Access suspended. Write to support
link-notice-none = Your key is on its way. Refresh in a minute
link-announce-ending = Your subscription ends on { $day }. Renew: { $url }
link-announce-expired = Your subscription ended on { $day }. Renew: { $url }
link-announce-limited = Your traffic is used up. Renew: { $url }
link-announce-disabled = Access suspended. Write to us: { $url }

error-unknown-format = The link has no such format. There are: { $known }.
error-unknown-app = This app is not on our list.
