# What is worth mending: hints for the owner of the shop, the id is note-<what>.

note-password-login = The shop signs in to the panel by user name and password. An API token is safer: it does not expire and is never locked out. Make one in the panel (Settings → Security → API tokens) and put it into X3UI_API_TOKEN.
note-plain-http = The panel is reached by plain http: password and token travel readable. Give the panel a certificate.
note-clock-skew = The clocks of the panel and of this server differ by more than 30 seconds, and it is the panel that ends subscriptions. Switch on time synchronisation (NTP) on both.
note-panel-just-started = The panel has just started and does not know its own state yet. Check again in a minute.
note-panel-outdated = This version of the panel has known faults with clients. Update 3X-UI to 3.3.1 or later.
note-core-not-running = Xray is not running on the server: nobody can connect. Start it in the panel and look at its log.
note-inbound-unreadable = One inbound of the panel could not be read and is left out. Its number is in the shop's log, event panel.note.
note-inbound-on-node = One inbound lives on a node. Add the panel of that node as a server of its own.
note-inbound-network-raw = An inbound has the transport “raw”, and the panel takes Vision away from its clients. Change it to “tcp”.
note-inbound-without-vision = One inbound does not support Vision. It has to be VLESS + TCP + REALITY.
note-inbound-incomplete = An inbound has no REALITY public key or no serverNames: keys on it will not work.
note-inbound-address-missing = The panel does not say where people connect, so keys will hold the address of the panel itself. If people connect elsewhere, set it: vpn-service server set-address, or shareAddr in the inbound.
note-min-client-version-missing = An inbound has an empty minClientVer: with Xray 26.7 and later many apps cannot connect. Set it to 1.8.0; it takes effect at once and open connections stay.
note-no-inbound-to-sell = The panel has no enabled local inbound of VLESS + TCP + REALITY: there is nowhere to make keys.

note-shop-disabled = The shop is disabled at the provider, and its payments are refused. Write to the provider's support.
note-vat-code-missing = Receipts are on in the YooKassa shop but no VAT rate is set: YooKassa refuses payments without a receipt. Set YOOKASSA_VAT_CODE (1: no VAT).

note-no-roubles = CoinGate takes no prices in roubles, so its methods show only with plans that have a price in euros. Add one.
note-no-merchants-from-russia = According to CoinGate, it does not work with businesses from Russia. If yours is one, do not sell through it: leave COINGATE_API_KEY empty.
note-no-shoppers-from-russia = According to CoinGate, buyers from Russia cannot pay through it. Offer them another method.
note-checkout-off = CoinGate does not let a button choose the coin, so it is chosen on the invoice page. Only CoinGate's support can switch it on; if you do not need it, set COINGATE_MODE=hosted.

## What the operator hears in Telegram

operator-payment-in-review =
    ⚠️ <b>A payment waits for your decision</b>
    { $provider }: what came is not what we asked for, so no days were added.
    Reason: { $reason }

    Look at the payment in the cabinet, then decide:
    <code>vpn-service review { $payment } accept</code> to count it
    <code>vpn-service review { $payment } cancel</code> to decline it

operator-charge-unanswered =
    ⚠️ <b>A charge was never answered</b>
    For over 23 hours { $provider } has not said whether the renewal of { $amount } was charged. It must not be repeated: the money may be gone already.

    Find the payment in the cabinet: its data has the pid <code>{ $payment }</code>. Then decide:
    <code>vpn-service review { $payment } accept</code> if the money came. The shop asks the provider itself, and gives the days only if that shows it as paid
    <code>vpn-service review { $payment } cancel</code> if there was no charge

operator-payments-unseen =
    ⚠️ <b>{ $provider }: nobody knows whether a payment was made</b>
    For more than a day the only answer about it has been "{ $reason }". The shop has stopped asking about it, and about others like it. The first one today:
    id in the shop: <code>{ $payment }</code>
    id at the provider: <code>{ $ref }</code>

    If the provider was merely down, there is nothing to do: whatever was paid is found in its list as soon as it works. If you changed the shop or its keys, look in the former cabinet whether money came, and return it from there.

operator-key-used =
    ⚠️ <b>{ $provider } has seen this payment with other contents</b>
    Payment <code>{ $payment }</code> is not sent again. { $found ->
        [yes] The provider's list shows it, and it goes on.
        [unread] The provider's list cannot be read now. The shop looks again every hour: the payment goes on if the list shows it, else it is closed in a day.
       *[no] The provider's list does not show it, so it was closed.
    }

    This happens when the database was restored from a copy, or when a second shop works with the same keys. Make sure there is only one. If so, this is a bug: please report it.

operator-provider-misconfigured =
    🔴 <b>{ $provider } does not accept our keys</b>
    The answer: { $reason }
    Its buttons are hidden, payments under way wait.

    Compare the keys in .env with the cabinet, restart the shop and check: <code>vpn-service doctor</code>. Then everything goes on by itself, and a message says so.

operator-provider-note =
    ⚠️ <b>{ $provider }: worth a look</b>
    { $note }

    What holds now: <code>vpn-service doctor</code>

operator-provider-trouble =
    🔴 <b>{ $provider } does not answer</b>
    Since { $since }. The reason: { $reason }
    Its buttons get hidden; payments under way wait and go through by themselves.

    Look at the provider's status page. If all is well there, check this server's network: <code>vpn-service doctor</code>

operator-provider-works =
    🟢 <b>{ $provider } works again</b>
    It was out for { $lasted }, since { $since }. Nothing to do: what was put off goes on by itself.

operator-panel-trouble =
    🔴 <b>Server { $server }: the panel takes no changes</b>
    Since { $since }. The reason: { $reason }
    Keys in the queue: { $keys }. The days are counted; people get their keys as soon as the panel answers.

    Check that the server and the panel run, then <code>vpn-service doctor</code>

operator-panel-works =
    🟢 <b>Server { $server }: the panel works again</b>
    It was out for { $lasted }, since { $since }. Nothing to do: keys are made by themselves.

operator-no-server =
    🔴 <b>No server takes new keys</b>
    Since { $since }. People whose time runs and who have no key: { $people }. They get it as soon as there is a server.

    Add one: <code>vpn-service server add</code>. Or take back one that you retired: <code>vpn-service server retire NAME --undo</code>; <code>vpn-service server list</code> shows which there are.

operator-server-again =
    🟢 <b>Nobody is without a server any more</b>
    It was so for { $lasted }, since { $since }. Nothing to do: keys are made by themselves.

operator-payments-refused =
    🔴 <b>{ $provider } refuses to open payments</b>
    The answer: { $answer }
    The buyer has read that paying this way did not work. One and the same refusal is told once a day.

    Check in the cabinet that this way to pay is enabled and that the shop is not limited, then try it: <code>vpn-service provider test { $id }</code>
    To take its buttons away meanwhile: <code>vpn-service provider off { $id }</code>

operator-sweeps-fail =
    🔴 <b>{ $provider }: the books are not compared to the end</b>
    The last time they were: { $since }. Sales go on, but a payment whose webhook was lost, or a refund made in the cabinet, may go unseen.

    The reason is in the log, in the events sweep.broken_off and sweep.object_failed. Mend it, or report the bug. After that the shop makes up for all the time it missed by itself.

operator-renewal-not-stopped =
    ⚠️ <b>Telegram does not end a subscription in Stars</b>
    The answer: { $answer }
    Its first payment: <code>{ $payment }</code>
    Its buyer has read that nothing more will be charged. { $again ->
        [yes] We go on trying.
       *[no] Telegram knows no such subscription, so we stop trying.
    }

    Ask the buyer to cancel it in the settings of Telegram. If Stars are charged all the same, give them back: <code>vpn-service refund</code> with the id of that payment.

operator-never = none yet

operator-no-callbacks =
    ⚠️ <b>{ $provider } has sent no webhooks for over an hour</b>
    The last one: { $last }. Payments found by asking: { $payments }. Nothing is lost, but people wait longer for their keys.

    Compare the webhook address in the cabinet with what <code>vpn-service doctor</code> shows, and check that PUBLIC_URL opens from the internet.

operator-callbacks-refused =
    ⚠️ <b>A webhook of { $provider } was refused</b>
    It came from <code>{ $address }</code>, which is no address of the provider. Payments are found by asking for now, which is slower.

    If this is your proxy, add it to TRUSTED_PROXIES. If the provider has new addresses, put them into the settings (for YooKassa, YOOKASSA_WEBHOOK_NETS). If it is a stranger's, there is nothing to do.

operator-unproven-callbacks =
    ⚠️ <b>Webhooks without our signature: { $count }</b>
    They came to the address for { $provider } and changed nothing.

    If another program uses the same cabinet, that is as it should be. If not, somebody knows the address: change SECRET_KEY and put the new address that <code>vpn-service doctor</code> shows into the cabinet

operator-sold =
    💰 <b>{ $amount }</b> · { $plan }
    { $method } · { $buyer }

operator-totals-differ =
    ⚠️ <b>The sums differ: { $provider }, { $day }</b>
    Paid: { $there } there, { $here } here
    Given back: { $refunded_there } there, { $refunded_here } here

    Compare that day's payments in the cabinet with the shop's. To compare again: <code>vpn-service report --day { $date }</code>

lasted-minutes = { $minutes } min
lasted-hours =
    { $minutes ->
        [0] { $hours } h
       *[other] { $hours } h { $minutes } min
    }
lasted-days = { $days } d { $hours } h

report-title = 📊 <b>Report for { $day }</b>
report-sales = 💰 <b>Sales</b>
report-no-sales = No sales.
report-refunds = ↩️ <b>Refunds</b>
report-sale =
    { $count ->
        [one] { $provider }: { $amount }, { $count } payment
       *[other] { $provider }: { $amount }, { $count } payments
    }
report-refund =
    { $count ->
        [one] { $provider }: { $amount }, { $count } refund
       *[other] { $provider }: { $amount }, { $count } refunds
    }
report-people = New users: { $count }
report-trials = Trials: { $count }
report-difference =
    ⚠️ It does not add up: { $provider }
    paid: { $there } there, { $here } here
    given back: { $refunded_there } there, { $refunded_here } here
report-unread = ⚠️ Not compared, the list does not answer: { $providers }
report-agrees = ✅ The books agree with the providers.
report-in-review = ⚠️ Payments waiting for your decision: { $count }
report-unwarned = ⚠️ Automatic renewals paused, because the notice did not arrive: { $count }
report-keys-waiting = ⚠️ Keys waiting for a panel: { $count }

test-plan = Payment test
