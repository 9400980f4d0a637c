# Automatic renewal: consent, notices, charges, the way out.

autopay-description =
    { $days ->
        [one] Automatic renewal, { $days } day, order { $order }
       *[other] Automatic renewal, { $days } days, order { $order }
    }

method-from-bank_card = your bank card
method-from-yoo_money = your YooMoney wallet
autopay-or = { $one } or { $other }

autopay-offer = 🔁 <b>Automatic renewal:</b> we will charge { $price } every { days-count } to { $from }, and remind you 3 days and one day before. Turn it off at any time: “My subscription” → “Automatic renewal”, or the command /autopay_off. Terms: /terms
autopay-chosen = What shall we charge? By choosing, you allow us to save that payment method and to charge this amount.
autopay-hint-stars = 🔁 You can also pay in Stars by subscription: Telegram itself then charges { $price } every { days-count }. Cancel it in Telegram’s settings or here: “My subscription” → “Automatic renewal”, or the command /autopay_off.
button-autopay-tick = ☐ Renew automatically
button-autopay-untick = ☑️ Renew automatically
button-method-renewed = 🔁 { $method } · { $price } every { days-count }
checkout-renews = 🔁 After the payment automatic renewal is on: { $price } every { days-count }.
checkout-renews-not = 🔁 Automatic renewal is not available right now, so this is a single payment.

button-autopay = 🔁 Automatic renewal
profile-autopay = 🔁 Automatic renewal: { $price }, { $day }
profile-autopay-paused = ⏸ Automatic renewal is paused, nothing will be charged.
command-autopay_off = Turn automatic renewal off

autopay-title = 🔁 <b>Automatic renewal</b>
autopay-none = Automatic renewal is off, nothing is charged. You can turn it on with your next payment: tick “Renew automatically”.
autopay-active = ✅ On: { $plan } — <b>{ $price }</b> every { days-count }.
autopay-next = Next charge: { $moment }, to { $from } { $title }.
autopay-next-provider = Next charge: { $moment }, made by Telegram itself.
autopay-paused = ⏸ Paused: { $plan } — { $price } every { days-count }. Nothing is charged.
button-autopay-off = 🚫 Turn automatic renewal off
button-autopay-agree = ✅ Renew for { $price }
button-autopay-pay = 💳 Extend now

autopay-off = 🚫 <b>Automatic renewal is off, and the saved payment method is deleted.</b>
autopay-off-provider = 🚫 <b>Automatic renewal is off: Telegram will charge no more Stars.</b>
autopay-off-until = Access lasts until { $moment }. There will be no more charges.
autopay-off-ended = There will be no more charges.
autopay-off-already = Automatic renewal is already off; nothing is charged.
autopay-off-late = The last charge, { $amount }, began before you turned renewal off, so it stands and its days are added. If you do not need them, you can have the money back.
button-autopay-refund = ↩️ Money back

autopay-on = 🔁 <b>Automatic renewal is on</b>
autopay-on-shop = { $price } every { days-count }, charged to { $from } { $title }. The first charge is on { $moment }; we will remind you 3 days and a day before.
autopay-on-provider = { $price } every { days-count }. The first charge is on { $moment }, made by Telegram itself.

autopay-notice = 🔁 <b>Your subscription renews soon</b>
autopay-notice-charge = On { $moment } we will charge { $amount } to { $from } { $title } for { days-count } more.
autopay-notice-manual = If you extend it yourself before that, nothing will be charged.

autopay-dearer = 🔁 <b>The price has gone up</b>
autopay-dearer-price = Your plan now costs { $price } every { days-count }. You allowed us to charge { $before }.
autopay-dearer-agree = Agree to the new price, and automatic renewal goes on. Otherwise it is paused and we charge nothing; access lasts until { $moment }.

autopay-failed = ⚠️ <b>Your subscription could not be renewed yet</b>
autopay-failed-again = We will try again on { $moment }. You need not wait: extend it yourself, and there will be no second charge.

autopay-stopped = ⏸ <b>Automatic renewal is paused</b>
autopay-ended = 🚫 <b>Automatic renewal is off</b>
autopay-why-price = The plan now costs { $price }, more than you allowed us to charge. We charge nothing without your consent.
autopay-why-price-provider = The price has changed: it is { $price } now. The subscription in Stars at the old price is canceled, and Telegram will charge nothing more.
autopay-why-plan_gone = This plan is no longer on sale. Choose another one: your key and link stay the same.
autopay-why-exhausted = We tried several times, but no charge went through.
autopay-why-lapsed = We could not renew in time, and we do not charge after the fact.
autopay-why-email = The receipt for a renewal goes by e-mail, and we no longer have your address. Set it under Settings → E-mail for receipts, and automatic renewal goes on by itself.
autopay-why-refunded = This subscription was refunded, so we will not renew it any more.
autopay-why-method_gone = The saved payment method is gone.
autopay-why-canceled = You canceled the subscription in Stars in Telegram’s settings. You can restore it there while the paid time lasts.
autopay-why-unwarned = Our notice about the charge did not reach you, and we charge nothing without one. Extend the subscription yourself, and automatic renewal goes on from the next time.
autopay-why-failed = Telegram could not charge the Stars: most likely there were not enough of them.
autopay-pay-again = To keep your access, extend the subscription yourself. You can turn automatic renewal on again when you pay.
autopay-agreed = ✅ <b>Agreed</b>
autopay-price-changed = The price has changed in the meantime, please look again.

error-mandate-not-found = There is no such automatic renewal. Open “My subscription” → “Automatic renewal”.
