# The command line: doctor, server.

doctor-title = How the shop is doing
doctor-well = All is well: the shop can sell.
doctor-ill = Things to mend: { $count }.

doctor-database = Database
doctor-database-away = Check DATABASE_URL, and that PostgreSQL runs and takes connections from this machine.
doctor-database-old = PostgreSQL 15 or newer is needed.
doctor-database-behind = The tables lag behind the program: run vpn-service migrate.
doctor-database-ok = { $version }, schema { $revision }

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
doctor-telegram-hook = Telegram could not deliver an update. If the bot polls, that is history; else check PUBLIC_URL and its certificate.

doctor-address-none = Not set.
doctor-address-none-mend = The bot and payments work by polling, but subscription links need an address: set PUBLIC_URL=https://…
doctor-address-plain = Apps and providers need https.
doctor-address-away = The shop does not answer there: check DNS, the proxy, and that vpn-service serve runs.

doctor-providers = Payments
doctor-providers-none = No way to pay is configured.
doctor-providers-none-mend = Set the credentials of one provider at least: vpn-service init asks for them.
doctor-provider-away = The provider does not answer. Try later; if it stays so, check the network and the API address.
doctor-provider-refused = The provider does not accept the credentials: check the shop id and the secret key.
doctor-provider-account = The key is of shop { $there }, but { $here } is configured.
doctor-provider-account-mend = Take the id and the key from the same cabinet.
doctor-provider-mode = The mode there is { $mode }, another one is configured here.
doctor-provider-mode-mend = A test key fits a test shop, a live key a real one.
doctor-provider-off = The shop is disabled at the provider.
doctor-provider-off-mend = Write to the provider's support.
doctor-provider-ok = { $account }: { $methods }
doctor-provider-missing = Not enabled: { $methods }.
doctor-provider-missing-mend = Enable it in the provider's cabinet; until then payments by it will fail.
doctor-provider-hook = Address for notifications: { $url }

doctor-servers = Servers
doctor-servers-none = There is none.
doctor-servers-none-mend = Set X3UI_API_URL and X3UI_API_TOKEN, or run vpn-service server add.
doctor-server = Server { $name }
doctor-server-auth = Make a new API token in the panel (Settings → Security → API tokens) and enter it.
doctor-server-away = The panel does not answer: check address and port, and that it runs.
doctor-server-strange = What answers there is no panel, or the base path is another: copy the whole address from the browser.
doctor-server-inbound = No inbound fits.
doctor-server-inbound-mend = Create an enabled VLESS + TCP + REALITY inbound in the panel.
doctor-server-ok = { $panel }, address for people: { $hosts }

server-unknown-panel = No panel of the kind { $panel } is known here. There are: { $known }.
server-no-secret = An API token of the panel is needed, or a login with its password (--username, --password).
server-added = Server { $name } is ready. People connect to { $hosts }.
server-not-read = The server is saved, but its panel could not be read: { $reason } Mend that and run the command again.
server-bad-address = "{ $address }" is no address. For example: nl1.example.com or nl1.example.com:443.
server-unknown = There is no server { $name }: vpn-service server list shows which there are.
server-column-name = Server
server-column-address = Address for people
server-column-panel = Panel
server-column-state = State
server-retired = takes no new keys
server-well = works
