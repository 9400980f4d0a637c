# Receipts: what they say, the buyer's e-mail, "Мой налог", and messages for the operator.

registrar-mynalog = “Moy Nalog” (NPD)

receipt-item =
    { $days ->
        [one] Access to the service, { $days } day, order { $order }
       *[other] Access to the service, { $days } days, order { $order }
    }
receipt-item-unnamed = Access to the service
receipt-ready = 🧾 <b>Receipt for { $amount }</b>
button-receipt = 🧾 Open the receipt

email-ask = 📧 <b>E-mail for the receipt</b>
email-why = We send the receipt by e-mail. Write your address as a message, for example <code>anna@example.com</code>.
email-consent = By sending it you agree that we pass the address on to the payment company and the fiscal data operator, who send the receipt. More in the { $privacy }.
email-privacy = privacy policy
email-once = We ask only once. You can change or delete the address in the settings.
email-wrong = This does not look like an e-mail address. Check it and send it again, for example <code>anna@example.com</code>.
email-saved = ✅ Receipts will go to <code>{ $email }</code>.
email-now = Receipts go to <code>{ $email }</code>.
email-none = No address is set.
email-removed = Address deleted
button-email = 📧 E-mail for receipts
button-email-change = ✏️ Set the address
button-email-remove = 🗑 Delete the address
button-email-continue = ➡️ Continue to payment
error-email-needed = This way to pay needs an e-mail address: the receipt goes there. Set it in the bot: Settings → E-mail for receipts.
error-receipt-address-unknown = A partial refund needs a receipt, and the buyer's e-mail is not known. Ask them to set it: Settings → E-mail for receipts. All of it at once can go back without one.
error-receipt-not-found = There is no such receipt, or it does not wait for you.

operator-receipt-refused =
    ⚠️ <b>A receipt for { $amount } was not taken: { $registrar }</b>
    Reason: { $reason }
    Payment: <code>{ $payment }</code>

    The sale is done and the buyer has access. Mend the reason and try again:
    <code>vpn-service receipts retry { $receipt }</code>
    If you entered or annulled it yourself:
    <code>vpn-service receipts done { $receipt }</code>
operator-registrar-refuses =
    ⚠️ <b>{ $registrar } does not let the shop in</b>
    Reason: { $reason }

    Receipts wait and will be sent once signing in works. Check MYNALOG_INN and MYNALOG_PASSWORD: <code>vpn-service doctor</code>
operator-books-differ = ⚠️ <b>{ $registrar }: receipts and sales differ</b>
operator-books-missing = <b>Not in the service:</b>
operator-books-annulled = <b>Annulled, not by the shop:</b>
operator-books-twice = <b>Registered twice:</b>
operator-books-mend = Open the list of receipts in the service: annul what is too much, enter what is missing.
operator-books-unread =
    ⚠️ <b>{ $registrar }: receipts are not compared with sales</b>
    This has been put off since { $since }: the service does not give its list. The reason: { $reason }
    Sales go on, but a receipt that is missing there, or there twice, goes unseen. The shop tries every hour and then makes up for all of the time.

    See whether you can sign in to the service yourself, then <code>vpn-service doctor</code>. Abroad it may not answer: MYNALOG_PROXY.
operator-fiscal-failed =
    ⚠️ <b>{ $provider }: the receipt of a { $of ->
        [refund] refund
       *[sale] sale
    } was not registered</b>
    Payment: <code>{ $payment }</code>

    { $of ->
        [refund] The money went back and its days are taken.
       *[sale] The money is in and access is given.
    } Open the payment in the merchant cabinet, see why, and make the receipt anew; check the cash register and the VAT code.
operator-fiscal-late =
    ⚠️ <b>{ $provider }: the receipt of a { $of ->
        [refund] refund
       *[sale] sale
    } is more than a day late</b>
    Payment: <code>{ $payment }</code>

    See in the merchant cabinet whether the cash register works.
operator-fiscal-refused =
    🛑 <b>{ $provider } refuses payments because of the receipt</b>
    Answer: { $reason }

    Check receipts in the merchant cabinet and the settings YOOKASSA_VAT_CODE and YOOKASSA_TAX_SYSTEM_CODE. Until they agree nobody can pay this way.

cli-receipts-title = Receipts that were not taken yet
cli-receipts-none = Every receipt was taken.
cli-receipts-sold = Sold
cli-receipts-amount = Amount
cli-receipts-state = State
cli-receipts-error = Last answer
cli-receipts-again = It will be sent again.
cli-receipts-done = Noted.
doctor-registrar-ok = Tax number { $account }
doctor-registrar-away = Receipts wait. If this lasts, check the network: abroad the service may not answer (MYNALOG_PROXY).
doctor-registrar-refused = Check MYNALOG_INN and MYNALOG_PASSWORD: it is the password of the account at nalog.ru.
