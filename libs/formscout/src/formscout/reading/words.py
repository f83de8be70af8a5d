"""The words on buttons and beside controls by which their purpose is known, in the languages most forms are written in."""

import re
from typing import Final

_UNSPACED = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
"""Letters of scripts that put no spaces between words."""


def _pattern(*lines: str) -> re.Pattern[str]:
    """Compile words parted by `|`: whole words only (so that "ok" is not found in "look"), but anywhere in unspaced scripts."""
    words = [word for line in lines for word in line.split("|")]
    joined = [w for w in words if _UNSPACED.search(w)]
    spaced = [w for w in words if w not in joined]
    return re.compile("|".join([rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)", *joined]), re.IGNORECASE)


SUBMIT: Final = _pattern(
    "save|submit|create|sign ?in|log ?in|sign ?up|register|send|next|continue|apply|search|update|ok|okay|confirm|done|go|publish",
    "post|subscribe|finish|proceed|reset password|change|set|add|filter|import|upload|invite|join|book|order|pay|comment|reply|yes",
    "accept|start|generate|export|login|find|speichern|absenden|senden|anlegen|erstellen|anmelden|einloggen|registrieren|weiter",
    "anwenden|suchen|suche|aktualisieren|bestätigen|fertig|hinzufügen|ändern|übernehmen|abschicken|bestellen|kaufen|filtern",
    "enregistrer|envoyer|créer|connexion|se connecter|s'inscrire|suivant|continuer|appliquer|rechercher|valider|ajouter|modifier",
    "confirmer|sauvegarder|soumettre|publier|filtrer|guardar|enviar|crear|iniciar sesión|entrar|acceder|registrarse|siguiente",
    "continuar|aplicar|buscar|actualizar|aceptar|añadir|agregar|confirmar|salvar|criar|cadastrar|avançar|pesquisar|adicionar",
    "atualizar|salva|invia|crea|accedi|registrati|avanti|continua|applica|cerca|aggiorna|aggiungi|conferma|opslaan|verzenden",
    "aanmaken|inloggen|registreren|volgende|doorgaan|toepassen|zoeken|toevoegen|bevestigen|zapisz|wyślij|utwórz|zaloguj",
    "zarejestruj|dalej|zastosuj|szukaj|dodaj|spara|skicka|logga in|sök|gem|søg|сохранить|отправить|создать|войти|далее|применить",
    "найти|поиск|добавить|kaydet|gönder|giriş|ara|保存|送信|登録|ログイン|次へ|検索|作成|追加|确定|提交|登录|搜索|下一步|저장|로그인|검색|다음|확인",
)
"""What a button that sends a form says."""

CANCEL: Final = _pattern(
    "cancel|close|back|discard|dismiss|abort|no|not now|never mind|previous|return|abbrechen|schließen|zurück|verwerfen|annuler",
    "fermer|retour|cancelar|cerrar|volver|atrás|voltar|fechar|annulla|chiudi|indietro|annuleren|sluiten|terug|anuluj|zamknij",
    "wstecz|avbryt|tillbaka|luk|annuller|отмена|закрыть|назад|iptal|キャンセル|閉じる|戻る|取消|关闭|返回|취소|닫기|뒤로",
)
"""What a button that gives a form up says."""

RESET: Final = _pattern(
    "reset|clear|clear all|zurücksetzen|leeren|réinitialiser|effacer|restablecer|limpiar|limpar|reimposta|wissen|wyczyść|сбросить",
    "очистить|återställ|rensa|sıfırla|リセット|クリア|重置|清空|초기화",
)
"""What a button that empties a form says."""

SEARCH: Final = _pattern(
    "search|find|query|lookup|suche|suchen|rechercher?|recherche|buscar|busca|búsqueda|pesquisar?|cerca|ricerca|zoeken|zoek|szukaj",
    "wyszukaj|sök|søg|hae|поиск|найти|ara|検索|搜索|搜尋|검색",
)
"""What says that a field searches."""

FINDS: Final = _pattern(
    "search|find|go|filter|apply|suchen|suche|filtern|anwenden|rechercher|filtrer|appliquer|buscar|filtrar|aplicar|pesquisar|cerca",
    "filtra|applica|zoeken|toepassen|szukaj|zastosuj|sök|søg|найти|поиск|применить|ara|検索|搜索|搜尋|검색",
)
"""What a button says that runs a search or a filter."""

PREFERENCE: Final = _pattern(
    "theme|dark mode|light mode|appearance|language|locale|sprache|langue|idioma|lingua|taal|język|språk|язык|dil|per page",
    "page size|rows per page|items per page|go to page|sort|sort by|order by|density|zoom|font size|currency|pro seite",
    "par page|por página|sortieren|trier|ordenar|言語|语言|언어",
)
"""What says that a lone control only changes how the page is shown."""

REQUIRED: Final = _pattern(
    "required|mandatory|erforderlich|pflichtfeld|obligatoire|requis|obligatorio|requerido|obrigatório|obbligatorio|verplicht",
    "wymagane|обязательно|obligatoriskt|påkrævet|zorunlu|必須|必填|필수",
)
"""What a label says of a field that must be filled in."""

OPTIONAL: Final = _pattern(
    "optional|facultatif|facultatief|opcional|opzionale|optionnel|optioneel|необязательно|任意|可选|선택",
)
"""What a label says of a field that may be left empty."""

CHOOSE: Final = _pattern(
    "select|choose|please select|pick|auswählen|wählen|bitte wählen|choisir|sélectionner|seleccionar|seleccione|elegir|selecione",
    "selecionar|escolha|seleziona|scegli|kies|selecteer|wybierz|välj|выберите|seçin|選択|请选择|선택",
)
"""What stands in a select before anything is chosen; it is no label."""


def collapse(text: str) -> str:
    """Return the text with runs of white space as one space."""
    return " ".join(text.split())
