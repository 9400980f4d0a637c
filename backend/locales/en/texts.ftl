# The texts a buyer accepts: in the bot, on their pages, and for the operator.

texts-title = Terms and documents
texts-language = Language
texts-version = Version of { $version }
texts-page = Page { $page } of { $pages }
texts-seller = Provider: { $seller }
button-text = 📄 { $title }
button-text-back = ◀️ Back
button-text-on = Next ▶️
button-all-texts = 📄 All documents

cli-texts-title = Texts of the shop
cli-texts-document = Document
cli-texts-version = Version
cli-texts-where = From
cli-texts-built-in = the draft that comes with the shop
cli-texts-fine = The texts are in order.
doctor-texts = Texts
doctor-texts-ok = { $versions }
doctor-texts-drafts = Drafts that come with the shop: { $documents }
doctor-texts-drafts-mend = Have a lawyer read them and put your own texts into { $folder } (docs/operations.md).
doctor-texts-seller = Nothing says who sells and where to write
doctor-texts-seller-mend = Set SELLER (name, tax number) and SUPPORT: they stand in the offer.
error-text-changed = A document was changed and kept its version.
error-bad-text = This file cannot be shown as a document.
error-no-such-text = There is no such document.
