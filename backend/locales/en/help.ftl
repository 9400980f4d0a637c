# Help, terms, payment questions.

help-title = ❓ <b>How to connect</b>
help-steps =
    1. Open “🚀 Connect” in the message with your key. The page names the app for your device and adds the subscription to it.
    2. Turn the VPN on in the app. The first time your system asks for permission: allow it.
help-manually = <b>Manually:</b> install an app, copy the subscription link and add it from the clipboard. On another device scan the QR code.
help-apps =
    📱 iPhone and iPad: { $ios }
    🤖 Android: { $android }
    💻 Windows: { $windows }
    🍏 macOS: { $macos }
    🐧 Linux: { $linux }
help-stuck = Can't connect? Update the subscription in the app, choose another server or another network.
help-contact = 💬 Questions: { $support }
help-no-contact = 💬 Payment questions: /paysupport
button-terms = 📄 Terms and refunds
button-contact = 💬 Write to support

terms-title = 📄 <b>Terms</b>
terms-short = This is the short version. The full texts are behind the buttons below.
terms-offer =
    <b>Service.</b> Access to the VPN for the time you paid for. A day is 24 hours. Time runs from the payment; when you extend, new days are added to those left. The subscription renews by itself only if you turned automatic renewal on; otherwise nothing is charged.
terms-privacy =
    <b>Data.</b> We keep your Telegram ID, name, language, orders and the amount of traffic. Card details are entered on the payment system's page: we never see them.
terms-refund =
    <b>Refunds.</b> You can leave at any time: we return the money for whole unused days, and all of it if the key never worked. It goes back where it came from, within 10 days. How to ask: /paysupport
terms-seller = <b>Provided by.</b> { $seller }

paysupport-title = 💬 <b>Payment questions</b>
paysupport-steps =
    • You were charged but have no subscription? Tap “✅ I have paid” in the message with the order: the payment is checked at once.
    • The payment does not go through? Choose another method or another card.
    • You need a refund? Tap “↩️ Get money back”. Terms: /terms
paysupport-contact = Write to { $support }. The order number is in the payment message and in “Payment history”.
paysupport-no-contact = The seller's contacts are in /terms. The order number is in the payment message and in “Payment history”.
