# Key and subscription: the message with the key, “My subscription”, a new link, history.

key-ready = 🔑 <b>Your key is ready</b>
key-until = Your access is open until { $moment }.
key-link = <b>Subscription link</b>: tap to copy it, or scan the QR code in your app:
key-link-only-page = The keys of single servers are on the “Connect” page.
key-no-link = The subscription link is not available yet: connect with the key.
key-raw = <b>Key</b> for manual setup:
key-raw-named = <b>Key “{ $server }”</b>:
key-private = Do not share the link or the key: whoever has them can use your subscription.
key-coming = 🔑 Your key is on its way: I will send it here as soon as it works.
key-disabled = 🚫 Your access is suspended. Write to us: { $support }
key-limited = 📊 The traffic of your plan is used up. Extend your subscription: the link stays the same.
key-ended = ⌛️ Your subscription has ended: extend it first.
button-key-qr = 📷 QR of the key
key-qr = 📷 <b>QR code of the key</b>
key-qr-server = { $server }
key-qr-hint = Scan it in the app on another device. A single key does not update itself: the subscription link is better.
key-qr-choose = 📷 <b>QR code of the key</b>
    Which server?
button-key-server = 🌍 { $server }
key-qr-too-long = The key is too long for a QR code: copy it as text.

profile-title = 🎫 <b>My subscription</b>
profile-active = ✅ Active until { $moment } — { days-left }
profile-ending = ⏳ Ends { $moment } — { days-left }
profile-ended = ⌛️ Ended { $moment }
profile-traffic = 📊 Traffic: { $traffic }
profile-servers =
    { $count ->
        [one] 🌍 Server: { $servers }
       *[other] 🌍 Servers: { $servers }
    }
profile-link = 🔗 Subscription link:
profile-several =
    🎫 <b>My subscriptions</b>
    Which one?
button-subscription-active = ✅ No. { $number } · until { $day }
button-subscription-ended = ⌛️ No. { $number } · ended { $day }
button-subscription-empty = ▫️ No. { $number } · not paid
button-key = 🔑 Key and QR code
button-reissue = ♻️ New link
button-history = 🧾 Payment history

reissue-first =
    ♻️ <b>Replace the link by a new one?</b>

    Do it if somebody else got hold of it. The old link and key stop working at once on all your devices, and I will send you new ones here.
reissue-second =
    ⚠️ <b>Are you sure?</b>

    The new link will have to be added to the app on every device.
reissue-done =
    ♻️ <b>You have a new link</b>

    The old one no longer works. 🔑 Your new key is on its way: it comes in the next message.
reissue-changed = The link was replaced already.
button-reissue-continue = ♻️ Yes, replace it
button-reissue-confirm = ⚠️ Replace it now
button-keep = ◀️ No, keep it

history-title = 🧾 <b>Payment history</b>
history-empty = No payments yet.
history-line = { $day } · No. { $order } · { $plan } · <b>{ $price }</b> · { $method }
history-receipt = { $line } · <a href="{ $url }">receipt</a>
history-refunded = { $line } · refunded { $refunded }
history-review = { $line } · being checked manually
