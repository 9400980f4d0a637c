# Money that goes back: what buyers ask, what operators decide, the commands.

button-refund = ↩️ Get money back
refund-list-title = ↩️ <b>Get money back</b>
refund-list-hint = For which payment? The button shows how much you get back. We refund the whole days you still have ahead, or everything if the key never worked.
refund-list-none = There is nothing to refund right now: you have no paid days ahead, or a refund is already under way.
refund-list-contact = If that is not right, write to us: { $support }
button-refund-payment = 🧾 No. { $order } · { $amount }

refund-confirm-title = ↩️ <b>Get { $amount } back?</b>
refund-confirm-order = Order No. { $order } of { $day }, { $paid } paid.
refund-confirm-days = Your subscription will be { days-count } shorter.
refund-confirm-whole = A payment like this can only be refunded in full, so the seller decides on each request separately.
refund-confirm-by-hand = This money is returned by hand: we will message you and ask where to send it.
refund-confirm-how = The seller will look at your request, and you will get the answer here. The money goes back the way it was paid within 10 days.
refund-confirm-how-by-hand = The seller will look at your request, and you will get the answer here.
button-refund-confirm = ↩️ Yes, return { $amount }

refund-asked-title = 📨 <b>Request received</b>
refund-asked = Order No. { $order }, { $amount } to be refunded. Until the seller answers, your subscription works as usual.
refund-asked-less = The days that pass until then will be deducted from the sum.
refund-asked-all = { $amount } to be refunded. This money is returned by hand: we will message you and ask where to send it.

refund-granted-title = ✅ <b>Refund granted: { $amount }</b>
refund-granted = Order No. { $order }. The money goes back the way it was paid, usually within 1 to 3 days, 10 at most. I will let you know when it is on its way.
refund-granted-by-hand = Order No. { $order }. This money is returned by hand: we will message you and ask where to send it. I will let you know when it is on its way.
refund-declined-title = ❌ <b>Refund declined</b>
refund-declined = Order No. { $order }, { $amount }. If you disagree, write to us: { $support }

paid-again-title = ✅ <b>Paid again: { $price }</b>
paid-again =
    { $times ->
        [2] We received two payments for the same time and counted both
       *[other] We received { $times } payments for the same time and counted them all
    }: your subscription is extended by { days-count } and runs until { $moment }.
paid-again-offer = If that was a mistake, take the last one back; you do not have to wait for the seller. The button works for 14 days, and only until the days of that payment begin.
button-return-second = ↩️ Return { $price }
second-returning-title = ↩️ <b>Returning { $amount }</b>
second-returning = The money goes back the way it was paid, usually within 1 to 3 days. When it is on its way, your subscription gets shorter and I will let you know.

refund-description = Refund for order { $order }
failure-declined_by_shop = The payment was not what we had asked for, so we could not count it. If money was taken, we will return it.

error-refund-not-found = There is no such refund.
error-refund-under-way = A refund of this payment is already under way or has been decided on.
error-nothing-to-give-back = There is nothing left to refund for this payment.
error-refund-too-large = That is more than is left of the payment.
error-only-all-of-it = This payment can only be refunded in full.
error-already-decided = This request has already been decided on.
error-offer-ended = One tap is no longer enough: 14 days are over, or the days of that payment have begun. You can still ask for a refund: /paysupport
error-not-in-review = This payment waits for no decision.
error-stray-payment = This money is for no order of whoever paid it. It cannot be counted and goes back by itself.
error-not-paid = The provider does not show this payment as paid.
error-paid-otherwise = This payment came in another currency, or its amount cannot be read. It cannot be counted: cancel it, and return the money in the provider's cabinet.
error-not-disputed = Nobody disputes this payment.

## To the operators, in Telegram

operator-refund-asked-title = ↩️ <b>Return { $amount }?</b>
operator-refund-why-asked = The buyer wants the money for days that are still ahead.
operator-refund-why-blocked = A blocked buyer has paid. The days are counted, the key is off.
operator-refund-why-twice = The same time was paid twice, and the buyer wants the second payment back.
operator-refund-order = Order No. { $order }, paid { $paid }. { $provider }, payment <code>{ $payment }</code>.
operator-refund-buyer = Buyer: { $buyer }
operator-refund-again = After your tap the sum is computed again.
button-refund-grant = ✅ Return
button-refund-decline = ❌ Decline
operator-refund-granted = ✅ <b>Returning { $amount }</b>, order No. { $order }. If the provider refuses, I will let you know.
operator-refund-by-hand =
    ✋ <b>Return { $amount } by hand</b>, order No. { $order }
    { $provider } returns no money at our request. Ask the buyer where to send it and make the refund in the cabinet: payment <code>{ $payment }</code>. The shop notices by itself, takes the days and tells the buyer.
operator-refund-declined = ❌ <b>Refund declined</b>: { $amount }, order No. { $order }. The buyer is told.
operator-refund-dropped = ❌ <b>Not returned</b>: { $amount }, order No. { $order }.

operator-refund-failed-title = ⚠️ <b>The refund did not happen: { $amount }</b>
operator-refund-unknown-title = ⚠️ <b>Nobody knows whether the refund happened: { $amount }</b>
operator-refund-of-order = Order No. { $order }. { $provider }, payment <code>{ $payment }</code>.
operator-refund-of-none = The money was for no order. { $provider }, payment <code>{ $payment }</code>.
operator-refund-unread-title = ⚠️ <b>Part of the money was returned, nobody knows how much</b>
operator-refund-unread-then = The provider named no sum, so the shop has taken no days. Look at the payment in the cabinet. Once the sum shows there the shop counts it by itself. If it does not, ask the provider's support.
operator-refund-reason = Reason: { $reason }
operator-refund-retry =
    Try again:
    <code>vpn-service refund { $id }</code>
operator-refund-look =
    There was no answer, and the shop does not try again by itself, so that nothing is returned twice. Look at the payment in the cabinet. A refund that is there will show up here by itself. If there is none, try again:
    <code>vpn-service refund { $id }</code>
refund-reason-insufficient_funds = the shop's account has too little money: refunds are taken from what comes in. Try again after new payments.
refund-reason-general_decline = the payment system refused without saying why. Try later, or in the cabinet.
refund-reason-rejected_by_payee = the buyer or his bank turned the money down. Ask the buyer where to send it.
refund-reason-yoo_money_account_closed = the buyer's wallet is closed. Ask the buyer where to send the money.
refund-reason-rejected_by_timeout = the payment system took too long. Try again.
refund-reason-unknown = the provider gave none.
refund-reason-other = the provider said "{ $code }".

operator-paid-again =
    ℹ️ <b>The same time was paid { $times ->
        [2] twice
       *[other] { $times } times
    }, the last time by order No. { $order }</b>
    The last payment: { $amount }, { $provider }. All are counted. The buyer can take it back alone within 14 days.

## Commands

refund-opened = Returning { $amount } for order No. { $order }. The buyer gets a message when the money is on its way. If the provider refuses, we write to you in Telegram.
refund-opened-stray = Returning { $amount }. If the provider refuses, we write to you in Telegram.
refund-called-off = Not returned: { $amount }. A buyer who asked for it gets a message.
refund-opened-by-hand = { $provider } returns no money at our request. Return { $amount } yourself, in the cabinet: payment { $payment }. The shop notices the refund, takes the days and tells the buyer.
refund-bad-amount = "{ $text }" is no amount in { $currency }. Example: --amount { $example }
refund-still-unknown = It is not known yet whether the former refund of this payment went through. Try again in a quarter of an hour.
payment-unknown = There is no payment "{ $name }". It may be our id, the order number, or the provider's id of the payment.
payment-ambiguous = "{ $name }" means several payments. Name one of them by its id:
payment-line =
    { $id } · { $order ->
        [none] no order
       *[other] order No. { $order }
    } · { $provider } { $ref } · { $amount } · { $state } · { $day }
payment-in-doubt = "{ $name }" is the number of an order, but it may be a provider's id of a payment, too. Nothing was done. By this number there is:
payment-in-doubt-names = Say which: order:{ $name } for the order, { $names } for the payment at the provider, or our id from the first column.
payment-bad-decision = "{ $text }" is not possible here: { $choices }.
review-counted = The provider shows this payment as paid, and so it counts already. The buyer gets a message.
review-no-answer = The provider does not answer now, so nobody knows whether this payment is paid. Try again later.
review-accepted = The payment is counted, the subscription runs until { $moment }. The buyer gets a message.
review-canceled = The payment is declined, no days are given.
review-canceled-money = The money is still with the provider. To return it: vpn-service refund { $id }
dispute-opened = The dispute is noted. The buyer's saved cards and wallets are deleted, renewals are off. The key works until the dispute is over.
dispute-won = The dispute is won: the note is gone, key and days stay. The buyer can switch renewals on again.
dispute-lost = The dispute is lost: the days of this payment are taken back, the buyer is flagged and gets a message.
