# The command line: doctor, init, plans, server.

cli-called-here = The command vpn-service is called here as: { $program }

doctor-title = How the shop is doing
doctor-well = All is well: the shop can sell.
doctor-ill = Things to mend: { $count }.

doctor-database = Database
doctor-database-away = Check DATABASE_URL, and that PostgreSQL runs and takes connections from this machine.
doctor-database-old = PostgreSQL 15 or newer is needed.
doctor-database-behind = The tables lag behind the program: run vpn-service migrate.
doctor-database-ok = { $version }, schema { $revision }

doctor-database-pooled = A pooler such as PgBouncer stands before PostgreSQL.
doctor-database-pooled-mend = Give the address of PostgreSQL itself in DATABASE_URL. Behind a pooler the shop works in session mode alone: its locks live as long as a connection.

doctor-start = Start

doctor-clock = Clock
doctor-clock-skew = { $seconds } s apart.
doctor-clock-mend = Switch on time synchronization (NTP) here and on the database's machine.
doctor-clock-moved = The clock is moved by CLOCK_FILE.
doctor-clock-moved-mend = Remove CLOCK_FILE in a real shop.
doctor-clock-ok = { $seconds } s apart

doctor-telegram-token = Telegram does not accept TELEGRAM_BOT_TOKEN.
doctor-telegram-token-mend = Get the token from @BotFather: /mybots → the bot → API Token.
doctor-telegram-away = Telegram does not answer. If it is blocked for this server, set TELEGRAM_PROXY.
doctor-telegram-other = The token is of the bot { $name }, but TELEGRAM_BOT_USERNAME says { $wanted }.
doctor-telegram-other-mend = Correct the wrong one, or remove TELEGRAM_BOT_USERNAME.
doctor-telegram-elsewhere = Telegram brings updates somewhere else.
doctor-telegram-elsewhere-mend = vpn-service serve names the address when it starts. If it runs, another program uses the same token.
doctor-telegram-hook = Telegram could not deliver an update: check PUBLIC_URL, its certificate and that vpn-service serve runs.
doctor-telegram-hook-past = That is left from a former webhook: the bot polls.

doctor-operators-none = Nobody is named.
doctor-operators-none-mend = No one hears of trouble, refunds to decide or sales: set ADMIN_IDS to the operators' Telegram ids. What happened until then is said then, up to 30 days late.
doctor-address-none = Not set.
doctor-address-none-mend = The bot and payments work by polling, but subscription links need an address: set PUBLIC_URL=https://…
doctor-address-plain = Apps and providers need https.
doctor-proxies-none = It is empty, and HOST={ $host } is open to other machines.
doctor-proxies-none-mend = Where a proxy stands before the shop, set its address: else webhooks seem to come from it and are refused.
doctor-address-away = The shop does not answer there: check DNS, the proxy, and that vpn-service serve runs.

doctor-providers = Payments
doctor-providers-none = No way to pay is configured.
doctor-providers-none-mend = Set the credentials of one provider at least: vpn-service init asks for them.
doctor-provider-away = The provider does not answer. Try later; if it stays so, check the network and the API address.
doctor-provider-refused = The provider does not accept the credentials: check the shop id and the secret key.
doctor-provider-account = The key is of shop { $there }, but { $here } is configured.
doctor-provider-account-mend = Take the id and the key from the same cabinet.
doctor-provider-mode = { $mode ->
    [test] The key is of a test shop, the settings say a real one.
   *[live] The key is of a real shop, the settings say a test one.
}
doctor-provider-mode-mend = A test key fits a test shop, a live key a real one.
doctor-provider-off = The shop is disabled at the provider.
doctor-provider-off-mend = Write to the provider's support.
doctor-provider-ok = { $account }: { $methods }
doctor-provider-missing = Not enabled: { $methods }.
doctor-provider-missing-mend = Enable it in the provider's cabinet; until then payments by it will fail.

provider-column-name = Provider
provider-column-account = Account
provider-column-sells = Sells
provider-column-works = Works
provider-column-webhook = Last webhook
provider-test-mode = test
provider-is-on = yes
provider-is-off = Switched off since { $since }: { $reason }
provider-is-held = Held by the audit since { $since }: { $reason }
provider-differs = Sells nothing since { $since }: the settings are not what the provider says ({ $reason })
provider-still-held = { $name } was stopped by the audit and sells nothing. When the cause is mended: vpn-service audit --release { $name }
provider-works = yes
provider-in-trouble = In trouble since { $since }: { $reason }
provider-unknown = Provider { $name } is not configured. Configured: { $known }
provider-sells-nothing = { $name } sells nothing now: it is switched off in the settings.
provider-test-nobody = There is nobody to pay: none of ADMIN_IDS has pressed /start in the bot. Press it, or give --for with the Telegram id of somebody who did.
provider-test-link = Order { $order }, { $amount }. Where to pay (it comes to the chat, too):
provider-test-later = The provider has not answered yet. The order is there, and the link comes to the chat once it is.
provider-test-refused = The provider refused: { $reason }
report-bad-day = { $text } is no day. Write it as 2026-11-24.

doctor-provider-on-mend = To switch it on again: vpn-service provider on { $name }
doctor-provider-held-mend = See what does not add up: vpn-service audit. When the cause is mended: vpn-service audit --release { $name }
doctor-provider-differs-mend = Correct the settings and restart the shop: it sells again by itself.
doctor-provider-trouble-mend = Its buttons are hidden. It is asked by itself and comes back as soon as it answers.
doctor-provider-heard = Last webhook: { $last }
doctor-provider-hook = Address for notifications: { $url }
doctor-provider-plain = Notifications about payments come by https alone, and PUBLIC_URL says http.
doctor-provider-plain-mend = Put a proxy with a certificate before the shop (deploy/Caddyfile is an example) and set PUBLIC_URL=https://… Until then the shop learns of payments by asking alone.

doctor-servers = Servers
doctor-servers-none = There is none.
doctor-servers-none-mend = Set X3UI_API_URL and X3UI_API_TOKEN, or run vpn-service server add.
doctor-server = Server { $name }
doctor-server-auth = Make a new API token in the panel (Settings → Security → API tokens) and enter it.
doctor-server-away = The panel does not answer: check address and port, and that it runs.
doctor-server-strange = What answers there is no panel, or the base path is another: copy the whole address from the browser.
doctor-server-inbound = No inbound fits.
doctor-server-inbound-mend = Create an enabled VLESS + TCP + REALITY inbound in the panel.
doctor-server-wanted = Inbound { $inbound }, which is to be sold, is not on the panel, or is no enabled local VLESS inbound.
doctor-server-wanted-mend = Enable it, or correct X3UI_INBOUND_ID (for a server that was added: vpn-service server add … --inbound).
doctor-server-ok = { $panel }, where people connect: { $hosts }

server-unknown-panel = No panel of the kind { $panel } is known here. There are: { $known }.
server-bad-country = "{ $country }" is no country. Two letters are needed, such as NL.
server-from-settings = The server { $name } is described in .env: correct X3UI_* there and restart the shop.
server-ask-token = API token (in the panel: Settings → Security → API tokens; hidden; Enter: sign in by password)
server-fills = Running subscriptions get keys there within a minute, if the shop runs.
server-retires = The server { $name } gets no more keys. Those it has ({ $keys }) work, are renewed and stay in links. To take it back: vpn-service server retire { $name } --undo
server-added = Server { $name } is ready. People connect to { $hosts }.
server-not-read = The server is saved, but its panel could not be read: { $reason }. Mend that and run the command again.
server-bad-address = "{ $address }" is no address. For example: nl1.example.com or nl1.example.com:443.
server-unknown = There is no server { $name }: vpn-service server list shows which there are.
server-column-name = Server
server-column-address = Where people connect
server-column-panel = Panel
server-column-state = State
server-retired = takes no new keys
server-well = works

init-begin =
    Let us set the shop up: a few questions, and every answer is tried at once.
    The answers go to { $file }. Ctrl-C leaves without writing anything.
init-exists =
    There is a file { $file } already. What is not asked here stays in it as it is.
    Enter keeps what stands in brackets. Ctrl-C leaves without writing anything.
init-trying = Trying…
init-not-good = This will not work as it is. What now?
init-again = Answer again
init-keep = Keep it, I shall mend it later
init-later = Later

init-ask-telegram-bot-token = The bot's token from @BotFather (not shown while you type)
init-ask-telegram-proxy = Proxy to Telegram: socks5://user:password@host:port or http://host:port (hidden; Enter: none)
init-ask-public-url = The shop's address, for example https://vpn.example.com (Enter: none yet)
init-ask-yookassa-shop-id = shopId (YooKassa's cabinet: Settings → Shop)
init-ask-yookassa-secret-key = Secret key (YooKassa's cabinet: Integration → API keys; not shown while you type)
init-ask-coingate-api-key = Token of the app (CoinGate's cabinet: Merchant → API → Apps; not shown while you type)
init-ask-x3ui-api-url = The panel's whole address with its base path, for example https://203.0.113.10:2053/abc/
init-ask-x3ui-api-token = API token (in the panel: Settings → Security → API tokens; not shown while you type)
init-ask-x3ui-username = The panel's login
init-ask-x3ui-password = The panel's password (not shown while you type)
init-ask-admin-ids = Telegram ids of the operators: numbers separated by commas (Enter: later)

init-provider = How are people to pay?
init-without-provider = No payment company yet. Run init again once there are credentials.
init-panel = Keys live in a 3X-UI panel. How does one get in?
init-panel-token = By API token, which is safer
init-panel-login = By login and password
init-without-panel = None yet: keys that are paid for will wait for a server.

init-address-unknown = The name { $host } is not found.
init-address-private = The name leads to { $where }, where nobody outside gets.
init-address-dns = Add an A record with the public address of this server at the domain's registrar.

init-change = These will be added to the file or changed in it: { $names }.
init-write = Write
init-discard = Leave without changing anything
init-nothing-new = Nothing to change: all of it is written already.
init-written = Written to { $file }: { $names }.
init-unwritable = { $file } cannot be written: check the rights of its folder.
init-unspeakable = The value of { $name } cannot be written into { $file } as it is. Give it as an environment variable.

init-hooks = What to enter in the cabinets:
init-cabinet-yookassa =
    YooKassa: Integration → HTTP notifications, URL:
    { $url }
    Events: payment.succeeded, payment.canceled, refund.succeeded.
init-cabinet-coingate = CoinGate: nothing, the address for notifications travels with every invoice.
init-no-hooks =
    There is nothing to enter in the providers' cabinets: the shop finds payments by asking.
    Subscription links need an address: while PUBLIC_URL is empty, people get their keys as text.
init-next =
    Next:
      vpn-service doctor — check all of it together
      vpn-service up — open the shop

plans-column-code = Code
plans-column-name = Plan
plans-column-days = Days
plans-column-price = Price
plans-withdrawn = withdrawn
plans-trial = trial
plans-unknown = There is no plan { $code }: vpn-service plans shows which there are.
plans-off-sale = The plan { $code } is not on sale: it was withdrawn, or is the trial.
plans-taken = The code { $code } is taken, perhaps by a plan that was withdrawn. Choose another one.
plans-bad-code = "{ $code }" does not fit: small Latin letters, digits and hyphens, 32 at most.
plans-bad-price = "{ $text }" is no price. For example: RUB=1599.
plans-bad-amount = "{ $text }" is no price in { $currency }. For example 349 or 349.50; Stars are whole.
