"""In which order pages are visited: what likely leads to forms not seen yet comes first."""

import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from formscout.domain.pages import PageSource

FIRST: Final = 0
"""The priority of the base address."""

USUAL: Final = 100
FORM_WORD: Final = -40
UNSEEN_TEMPLATE: Final = -30
FURTHER_INSTANCE: Final = 15  # for each page of the same template that is known already
MOST_INSTANCES: Final = 10  # beyond that the order among instances no longer matters
DEEPER: Final = 5
QUERY_PARAMETER: Final = 4
LISTING: Final = 60
SOURCES: Final = {PageSource.BASE: -USUAL, PageSource.PRESS: -10, PageSource.ROUTE: -10, PageSource.SITEMAP: 20, PageSource.SCRIPT: 40}

_FORM_WORDS: Final = """
account add admin apply book booking change checkout compose config configuration configure contact create customize edit feedback
import invite login manage new options order password preferences profile register registration report request reset search settings
setup sign signin signup subscribe support upload wizard write neu neue neuer anlegen hinzufügen bearbeiten erstellen einstellungen
konto suche ändern nouveau nouvelle ajouter créer modifier paramètres compte recherche nuevo nueva añadir crear editar ajustes
cuenta configuración buscar nuovo nuova aggiungi crea modifica impostazioni cerca novo nova adicionar criar configurações nieuw
toevoegen bewerken instellingen создать добавить изменить настройки 新建 添加 编辑 设置 新規 作成 追加 編集 設定
"""
FORM_WORDS: Final = frozenset(_FORM_WORDS.split())
"""Words of an address or a link that promise a form, in the languages applications are mostly written in."""

_LISTING_KEYS: Final = """
sort order order_by orderby sort_by dir direction page per_page offset start limit cursor after before year month
"""
LISTING_KEYS: Final = frozenset(_LISTING_KEYS.split())
"""Parameters that turn, sort or page through a list: they multiply pages, never forms."""

_WORDS = re.compile(r"[^\W\d_]+")


def priority(address: str, *, source: PageSource, depth: int, label: str = "", instances: int = 0) -> int:
    """Return a page's place in the order, lower first; `instances` counts the known pages of its template."""
    parts = urlsplit(address)
    words = {word.lower() for word in _WORDS.findall(f"{parts.path} {parts.fragment} {label}"[:400])}
    query = parse_qsl(parts.query, keep_blank_values=True)
    score = USUAL + SOURCES.get(source, 0) + DEEPER * depth + QUERY_PARAMETER * len(query)
    score += UNSEEN_TEMPLATE if instances == 0 else FURTHER_INSTANCE * min(instances, MOST_INSTANCES)
    if words & FORM_WORDS or parts.path.endswith("/+"):
        score += FORM_WORD
    if any(key.lower() in LISTING_KEYS and not value.isalpha() for key, value in query):
        score += LISTING
    return max(score, FIRST)
