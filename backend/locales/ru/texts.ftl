# Тексты, которые принимает покупатель: в боте, на страницах и для владельца магазина.

texts-title = Условия и документы
texts-language = Язык
texts-version = Редакция от { $version }
texts-page = Страница { $page } из { $pages }
texts-seller = Исполнитель: { $seller }
button-text = 📄 { $title }
button-text-back = ◀️ Назад
button-text-on = Дальше ▶️
button-all-texts = 📄 Все документы

cli-texts-title = Тексты магазина
cli-texts-document = Документ
cli-texts-version = Редакция
cli-texts-where = Откуда
cli-texts-built-in = черновик из поставки
cli-texts-fine = Тексты в порядке.
doctor-texts = Тексты
doctor-texts-ok = { $versions }
doctor-texts-drafts = Черновики из поставки: { $documents }
doctor-texts-drafts-mend = Покажите их юристу и положите свои тексты в { $folder } (docs/operations.md).
doctor-texts-seller = Не сказано, кто продаёт и куда писать
doctor-texts-seller-mend = Задайте SELLER (наименование, ИНН) и SUPPORT: они стоят в оферте.
error-text-changed = Текст документа изменён, а редакция прежняя.
error-bad-text = Этот файл нельзя показать как документ.
error-no-such-text = Такого документа нет.
