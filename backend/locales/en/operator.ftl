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

note-vat-code-missing = Receipts are on in the YooKassa shop but no VAT rate is set: YooKassa refuses payments without a receipt. Set YOOKASSA_VAT_CODE (1: no VAT).

note-no-roubles = CoinGate takes no prices in roubles, so its methods show only with plans that have a price in euros. Add one.
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
