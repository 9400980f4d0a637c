# The purchase: what the payer sees at the provider and on the return page.

payment-description =
    { $days ->
        [one] Subscription, { $days } day, order { $order }
       *[other] Subscription, { $days } days, order { $order }
    }

invoice-title =
    { $days ->
        [one] { $days } day of access
       *[other] { $days } days of access
    }

return-title = Payment of order No. { $order }
return-order = Order No. { $order }
return-waiting = Waiting for the payment
return-waiting-hint = This page updates by itself as soon as the money arrives. It usually takes a few seconds.
return-confirming = Payment received
return-confirming-hint = The provider is confirming the transfer. Nothing to do — we will write to you in Telegram.
return-paid = Paid
return-paid-hint = Your subscription runs until { $until }.
return-checking = Payment received, being checked
return-checking-hint = A person has to look at this payment. No money is lost — we will answer in Telegram.
return-failed = The payment did not go through
return-failed-hint = You were not charged. Go back to the bot and try again, or choose another method.
return-pay = Back to the payment page
return-bot = Open the bot
return-connect = Connect the VPN
