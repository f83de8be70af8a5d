"""Words by which fields are known, in the languages most forms are written in; the first rule that fits decides."""

import re
from dataclasses import dataclass
from typing import Final

_AUTOFILL_LINES: Final = (
    "name honorific-prefix given-name additional-name family-name honorific-suffix nickname username new-password",
    "current-password one-time-code organization-title organization street-address address-line1 address-line2 address-line3",
    "address-level4 address-level3 address-level2 address-level1 country country-name postal-code cc-name cc-given-name",
    "cc-additional-name cc-family-name cc-number cc-exp cc-exp-month cc-exp-year cc-csc cc-type transaction-currency",
    "transaction-amount language bday bday-day bday-month bday-year sex url photo tel tel-country-code tel-national",
    "tel-area-code tel-local tel-local-prefix tel-local-suffix tel-extension email impp",
)
AUTOFILL: Final = frozenset(word for line in _AUTOFILL_LINES for word in line.split())
"""The WHATWG autofill field names."""

TYPED: Final = frozenset(
    {"text", "textarea", "textbox", "search", "searchbox", "tel", "email", "url", "number", "combobox", "contenteditable", "spinbutton"}
)
CHOSEN: Final = frozenset({"select", "radio", "combobox", "listbox"})
DATED: Final = frozenset({"text", "date", "month", "select", "number", "combobox", "picker"})
SECRET: Final = frozenset({"password", "text"})
TICKED: Final = frozenset({"checkbox", "switch"})
ANY: Final = TYPED | CHOSEN | DATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Fields of these control types whose words match ask for this."""

    semantic_type: str
    words: re.Pattern[str]
    types: frozenset[str]
    confidence: float = 0.85


def _rule(semantic_type: str, words: str, types: frozenset[str], confidence: float = 0.85) -> Rule:
    return Rule(
        semantic_type=semantic_type,
        words=re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE),
        types=types,
        confidence=confidence,
    )


RULES: Final = (
    _rule("captcha", r"g?-?re?captcha\w*|captcha\w*|hcaptcha\w*|turnstile\w*|sicherheitscode|verification image", TYPED),
    _rule(
        "one-time-code",
        r"one.?time.?(?:code|password)|otp|totp|2fa|mfa|two.?factor\w*|verification code|security code|einmalcode|authenticator\w*",
        SECRET,
    ),
    _rule("cc-csc", r"cvv2?|cvc2?|csc|card verification\w*|prüfziffer|kartenprüfnummer|cryptogramme|código de seguridad", TYPED | SECRET),
    _rule("cc-exp-month", r"exp\w* ?(?:month|mm)|(?:cc|card) month|ablaufmonat", ANY),
    _rule("cc-exp-year", r"exp\w* ?(?:year|yy|yyyy)|(?:cc|card) year|ablaufjahr", ANY),
    _rule(
        "cc-exp",
        r"(?:card |cc )?exp(?:iry|iration|ires)?(?: date)?|valid (?:until|thru)|gültig bis|date d'expiration|caducidad|vencimiento",
        TYPED,
        0.8,
    ),
    _rule("cc-name", r"name on card|card ?holder(?: name)?|cc name|karteninhaber|titulaire|titular de la tarjeta", TYPED),
    _rule("cc-type", r"card type|cc type|kartentyp|type de carte", CHOSEN),
    _rule(
        "cc-number",
        r"(?:credit |debit |cc |card )(?:card )?(?:number|no|num)|cardnumber|ccnumber|kartennummer|numéro de carte|número de tarjeta",
        TYPED,
    ),
    _rule(
        "email-confirm",
        r"(?:confirm|repeat|re ?enter|retype|verify|again)\w* (?:your )?e ?mail\w*|e ?mail\w* (?:confirm\w*|again|repeat|2)",
        TYPED,
    ),
    _rule(
        "username-or-email",
        r"(?:user ?name|login|benutzername|usuario|identifiant) ?(?:or|oder|ou|o|/|and) ?(?:your )?e ?mail\w*|"
        r"e ?mail\w*(?: address)? (?:or|oder|ou|o|/) (?:user ?name|login)",
        TYPED,
    ),
    _rule(
        "email",
        r"e ?mails?(?: address(?:es)?| adresse)?|mail|correo(?: electrónico)?|courriel|メール\w*|邮箱|邮件|"
        r"адрес электронной почты|электронная почта|이메일",
        TYPED,
    ),
    _rule(
        "username",
        r"user ?names?|user ?id|login(?: name)?|account name|benutzername|nutzername|identifiant|nom d'utilisateur|usuario|"
        r"utente|gebruikersnaam|логин|用户名|ユーザー名",
        TYPED,
    ),
    _rule("tel-country-code", r"(?:country|dial(?:ing)?|calling) code|vorwahl land", ANY),
    _rule("fax", r"fax\w*|telefax", TYPED),
    _rule("tel-extension", r"(?:phone )?ext(?:ension)?|durchwahl", TYPED, 0.7),
    _rule(
        "tel",
        r"(?:tele)?phone(?: number)?|mobile(?: number)?|cell(?: ?phone)?|telefon\w*|handy\w*|téléphone|portable|teléfono|"
        r"móvil|telefone|celular|cellulare|телефон|電話\w*|电话|手机|전화\w*|tel",
        TYPED,
    ),
    _rule("honorific-prefix", r"salutation|honorific|anrede|civilité|tratamiento|title prefix|name prefix|mr mrs", ANY),
    _rule(
        "given-name",
        r"first ?name|given ?name|forename|vorname|prénom|nombre de pila|primeiro nome|nome proprio|voornaam|imię|имя|"
        r"förnamn|fornavn|fname",
        TYPED,
    ),
    _rule("additional-name", r"middle ?(?:name|initial)|zweiter vorname|deuxième prénom|segundo nombre|отчество", TYPED),
    _rule(
        "family-name",
        r"last ?name|sur ?name|family ?name|nachname|familienname|nom de famille|apellidos?|sobrenome|cognome|achternaam|"
        r"nazwisko|фамилия|efternamn|etternavn|lname",
        TYPED,
    ),
    _rule("nickname", r"nick ?name|display ?name|screen ?name|spitzname|pseudo(?:nyme)?|apodo|alias", TYPED, 0.75),
    _rule("organization-title", r"job ?title|position|role title|berufsbezeichnung|funktion|fonction|cargo|puesto", TYPED, 0.7),
    _rule(
        "organization",
        r"company(?: name)?|organi[sz]ation(?: name)?|business name|employer|firma|firmenname|unternehmen|société|"
        r"entreprise|empresa|azienda|bedrijf|компания|организация|会社\w*|公司",
        TYPED,
    ),
    _rule(
        "postal-code",
        r"zip(?: ?code)?|post(?:al)? ?code|plz|postleitzahl|code postal|código postal|cep|cap|postnummer|kod pocztowy|"
        r"индекс|郵便番号|邮编|우편번호",
        ANY,
    ),
    _rule("po-box", r"p\.? ?o\.? ?box|postfach|boîte postale|apartado", TYPED),
    _rule("apartment", r"apt|apartment|suite|unit(?: number)?|flat(?: number)?|wohnung|appartement", TYPED, 0.7),
    _rule("house-number", r"house ?(?:number|no)|street ?number|hausnummer|hausnr|numéro de rue", TYPED),
    _rule("address-line2", r"address ?(?:line)? ?2|addr(?:ess)?2|street ?2|adresszusatz|complément d'adresse|line ?2", TYPED),
    _rule("address-line1", r"address ?(?:line)? ?1|addr(?:ess)?1|street ?1|line ?1", TYPED),
    _rule("street-name", r"street ?name|straßenname", TYPED),
    _rule(
        "street-address",
        r"street(?: address)?|straße|strasse|anschrift|rue|calle|dirección|endereço|indirizzo|"
        r"(?:postal |home |shipping |billing |delivery )?address|adresse|adres|адрес|住所|地址|주소",
        TYPED,
        0.75,
    ),
    _rule(
        "address-level2",
        r"city|town|suburb|locality|stadt|ort|wohnort|ville|ciudad|localidad|cidade|città|comune|plaats|miasto|город|市区町村|城市|도시",
        ANY,
    ),
    _rule(
        "address-level1",
        r"state|province|region|county|bundesland|provincia|estado|regione|region|województwo|область|都道府県|省份",
        ANY,
        0.6,
    ),
    _rule("country-name", r"country(?: name)?|land|pays|país|paese|kraj|страна|国|国家|국가", TYPED - {"combobox"}, 0.8),
    _rule("country", r"country|land|pays|país|paese|kraj|страна|国|国家|국가", CHOSEN, 0.85),
    _rule("bday-day", r"birth ?day ?day|day of birth|bday day|dob day|geburtstag tag", ANY),
    _rule("bday-month", r"birth ?month|month of birth|bday month|dob month", ANY),
    _rule("bday-year", r"birth ?year|year of birth|bday year|dob year|geburtsjahr|yob", ANY),
    _rule(
        "bday",
        r"birth ?(?:day|date)|date of birth|dob|bday|born(?: on)?|geburtsdatum|geburtstag|date de naissance|"
        r"fecha de nacimiento|data de nascimento|data di nascita|дата рождения",
        DATED,
    ),
    _rule("sex", r"sex|gender|geschlecht|sexe|genre|sexo|género|gênero|sesso|пол|性別|性别|성별", ANY),
    _rule("language", r"lang(?:uage)?|locale|sprache|langue|idioma|lingua|taal|język|язык|言語|语言", ANY, 0.8),
    _rule("timezone", r"time ?zone|tz|zeitzone|fuseau horaire|zona horaria|fuso (?:horário|orario)|tijdzone|часовой пояс", ANY),
    _rule("transaction-currency", r"currency|währung|devise|moneda|moeda|valuta|валюта", ANY, 0.8),
    _rule("transaction-amount", r"amount|donation amount|betrag|montant|importe|importo|сумма", TYPED, 0.6),
    _rule(
        "coupon",
        r"coupon(?: code)?|promo(?:tion)?(?:al)?(?: code)?|discount code|voucher(?: code)?|gutschein\w*|code promo|cupón|gift card",
        TYPED,
    ),
    _rule("quantity", r"qty|quantity|menge|anzahl|stückzahl|quantité|cantidad|quantidade|quantità|aantal|количество|数量", ANY, 0.8),
    _rule("security-question", r"(?:security|secret) question|sicherheitsfrage|question secrète|pregunta (?:secreta|de seguridad)", ANY),
    _rule("security-answer", r"(?:security |secret )?answer|antwort|réponse secrète|respuesta", TYPED, 0.65),
    _rule("subject", r"subject|betreff|sujet|objet|asunto|assunto|oggetto|onderwerp|temat|тема|件名|主题", TYPED, 0.8),
    _rule(
        "comment",
        r"comments?|message|notes?|remarks?|kommentar|nachricht|bemerkung\w*|anmerkung\w*|notizen|commentaire|comentario|"
        r"mensaje|comentário|mensagem|commento|messaggio|opmerking|bericht|комментарий|сообщение|お問い合わせ内容|コメント|"
        r"留言|评论",
        TYPED,
        0.75,
    ),
    _rule("about-me", r"about (?:me|you|yourself)|bio(?:graphy)?|über mich|à propos de (?:moi|vous)|sobre mí", TYPED),
    _rule("url", r"url|web ?site|web ?page|home ?page|webseite|site web|sitio web|uri", TYPED, 0.8),
    _rule(
        "name",
        r"(?:your |full |contact )?name|vollständiger name|nom(?: complet)?|nombre(?: completo)?|nome(?: completo)?|naam|"
        r"imię i nazwisko|имя|氏名|お名前|姓名|이름",
        TYPED,
        0.6,
    ),
    _rule(
        "sort-order",
        r"sort(?: by| order)?|order by|sortier\w*|sortieren|trier(?: par)?|ordenar(?: por)?|ordina|sorteren|сортировка",
        ANY,
        0.8,
    ),
    _rule("style-select", r"theme|skin|color scheme|colour scheme|appearance|design|thème|tema", CHOSEN, 0.7),
)

CONSENTS: Final = (
    _rule(
        "remember-me",
        r"remember|stay (?:signed|logged) in|keep me|angemeldet bleiben|eingeloggt bleiben|merken|se souvenir|"
        r"rester connecté|recordar\w*|recuérdame|lembrar|ricordami|onthoud|запомнить|記憶|记住",
        TICKED,
    ),
    _rule(
        "marketing-consent",
        r"newsletter|marketing|promotion\w*|special offers|updates by|subscribe|werbung|angebote|offres|promociones|"
        r"ofertas|mailing list|opt.?in",
        TICKED,
    ),
    _rule(
        "tos-consent",
        r"terms|conditions|privacy|policy|i agree|agree to|i accept|accept (?:the|our|all)|"
        r"consent|gdpr|agb|datenschutz\w*|nutzungsbedingungen|einverstanden|"
        r"akzeptier\w*|conditions générales|j'accepte|términos|condiciones|acepto|termos|aceito|termini|accetto|"
        r"voorwaarden|akkoord|regulamin|соглас\w*|同意",
        TICKED,
    ),
)

CONFIRMS: Final = re.compile(
    r"confirm|repeat|re ?enter|retype|verify|again|bestätig|wiederhol|répét|vérifi|repetir|repita|confirma|ripeti|"
    r"conferma|herhaal|powtórz|повтор|подтвер|password ?_?2|確認|确认|확인",
    re.IGNORECASE,
)
CURRENT: Final = re.compile(
    r"current|old|existing|aktuelle|altes|bisherig|actuel|ancien|actual|antigua|attuale|huidig|текущ|старый|現在", re.IGNORECASE
)
NEW: Final = re.compile(r"\bnew|neue?s?\b|nouveau|nueva?|nova\b|nuova|nieuw|новый|新", re.IGNORECASE)
TRAP: Final = re.compile(
    r"honey ?pot|hp[_ -]|trap|leave (?:this )?(?:field )?(?:blank|empty)|do not fill|bot ?field|nicht ausfüllen|fax_?only|winnie",
    re.IGNORECASE,
)
"""What gives away a field that only programs should fill in."""
