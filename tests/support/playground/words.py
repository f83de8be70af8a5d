"""Words for forms that nobody has written rules for: fields, topics and buttons in several languages."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Language:
    """The words of one language; `name|Label` each."""

    code: str
    fields: tuple[str, ...]
    topics: tuple[str, ...]
    save: tuple[str, ...]
    show: tuple[str, ...]  # what a control is called that opens something


def _language(code: str, *, fields: str, topics: str, save: str, show: str) -> Language:
    def split(text: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in text.split(","))

    return Language(code=code, fields=split(fields), topics=split(topics), save=split(save), show=split(show))


ENGLISH: Final = _language(
    "en",
    fields="guest|Guest name, host|Host, badge|Badge number, plate|Licence plate, vessel|Vessel, berth|Berth, cargo|Cargo, "
    "draught|Draught, crop|Crop, acreage|Acreage, soil|Soil type, seed|Seed lot, recipe|Recipe, servings|Servings, oven|Oven heat, "
    "spice|Spice, score|Score sheet, composer|Composer, tempo|Tempo, opus|Opus, hive|Hive, queen|Queen line, nectar|Nectar flow, "
    "frames|Frames, boiler|Boiler, pressure|Pressure, valve|Valve, gauge|Gauge, trail|Trail, summit|Summit, hut|Hut, rope|Rope length, "
    "loom|Loom, thread|Thread count, dye|Dye, weave|Weave, kiln|Kiln, glaze|Glaze, clay|Clay body, firing|Firing plan",
    topics="Visitors, Harbour, Fields, Kitchen, Concerts, Apiary, Boilers, Mountain, Weaving, Pottery, Orchard, Ferries, Library, Quarry, Stables",
    save="Save, Store, Apply, Record",
    show="Open, New entry, Details, Options, Manage, Set up",
)

GERMAN: Final = _language(
    "de",
    fields="gast|Name des Gastes, ausweis|Ausweisnummer, kennzeichen|Kennzeichen, schiff|Schiff, ladung|Ladung, feldfrucht|Feldfrucht, "
    "boden|Bodenart, rezept|Rezept, gewuerz|Gewürz, tonart|Tonart, werk|Werk, bienenstock|Bienenstock, kessel|Kessel, druck|Druck, "
    "ventil|Ventil, gipfel|Gipfel, huette|Hütte, seil|Seillänge, webstuhl|Webstuhl, faden|Fadenzahl, ofen|Brennofen, glasur|Glasur, "
    "ton|Tonmasse, brand|Brennplan",
    topics="Besucher, Hafen, Felder, Küche, Konzerte, Imkerei, Kessel, Gebirge, Weberei, Töpferei, Obstgarten, Fähren, Bücherei, Ställe",
    save="Speichern, Übernehmen, Sichern",
    show="Öffnen, Neuer Eintrag, Einzelheiten, Verwalten, Anlegen",
)

FRENCH: Final = _language(
    "fr",
    fields="invite|Nom de l’invité, hote|Hôte, plaque|Plaque, navire|Navire, cargaison|Cargaison, culture|Culture, sol|Type de sol, "
    "recette|Recette, epice|Épice, partition|Partition, tempo|Tempo, ruche|Ruche, reine|Lignée de reine, chaudiere|Chaudière, "
    "pression|Pression, vanne|Vanne, sommet|Sommet, refuge|Refuge, corde|Longueur de corde, metier|Métier à tisser, fil|Nombre de fils, "
    "four|Four, email_terre|Émail de la terre, cuisson|Plan de cuisson",
    topics="Visiteurs, Port, Champs, Cuisine, Concerts, Rucher, Chaudières, Montagne, Tissage, Poterie, Verger, Bacs, Lecture, Écuries",
    save="Enregistrer, Appliquer, Valider",
    show="Ouvrir, Nouvelle fiche, Détails, Gérer, Préparer",
)

POLISH: Final = _language(
    "pl",
    fields="gosc|Imię gościa, gospodarz|Gospodarz, tablica|Tablica, statek|Statek, ladunek|Ładunek, uprawa|Uprawa, gleba|Rodzaj gleby, "
    "przepis|Przepis, przyprawa|Przyprawa, utwor|Utwór, tempo|Tempo, ul|Ul, matka|Linia matki, kociol|Kocioł, cisnienie|Ciśnienie, "
    "zawor|Zawór, szczyt|Szczyt, schronisko|Schronisko, lina|Długość liny, krosno|Krosno, nic|Liczba nici, piec|Piec, szkliwo|Szkliwo, "
    "glina|Glina",
    topics="Goście, Przystań, Pola, Kuchnia, Koncerty, Pasieka, Kotły, Góry, Tkactwo, Garncarstwo, Sad, Promy, Czytelnia, Stajnie",
    save="Zapisz, Zastosuj",
    show="Otwórz, Nowy wpis, Szczegóły, Zarządzaj",
)

JAPANESE: Final = _language(
    "ja",
    fields="kyaku|来客名, shujin|担当者, bango|車両番号, fune|船名, tsumini|積み荷, sakumotsu|作物, tsuchi|土の種類, chori|料理, koshinryo|香辛料, "
    "kyoku|曲名, hayasa|速さ, subako|巣箱, joou|女王蜂の系統, kama|かま, atsuryoku|圧力, ben|弁, chojo|頂上, yamagoya|山小屋, tsuna|綱の長さ, "
    "hataori|機, ito|糸の数, yogama|窯, uwagusuri|釉薬, nendo|粘土",
    topics="来客, 港, 畑, 台所, 演奏会, 養蜂, 機関, 山, 織物, 陶芸, 果樹園, 渡し船, 書庫, 馬屋",
    save="保存, 適用",
    show="開く, 新しい項目, 詳細, 管理",
)

LANGUAGES: Final = (ENGLISH, GERMAN, FRENCH, POLISH, JAPANESE)
