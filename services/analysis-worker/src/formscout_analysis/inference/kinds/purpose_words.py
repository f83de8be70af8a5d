"""Words on and around a form by which its purpose is known, in the languages most forms are written in."""

import re
from typing import Final


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_])(?:{pattern})(?![^\W_])", re.IGNORECASE)


LOGIN: Final = _words(
    r"log ?in|sign ?in|log ?on|anmelden|einloggen|login|connexion|se connecter|iniciar sesión|entrar|acceder|accedi|"
    r"inloggen|zaloguj|войти|вход|ログイン|登录|로그인|session|sessions"
)
REGISTER: Final = _words(
    r"sign ?up|register|registration|create (?:an |your )?account|join|registrieren|registrierung|konto erstellen|"
    r"inscription|s'inscrire|créer un compte|registrarse|crear cuenta|cadastr\w+|registrati|registreren|zarejestruj|"
    r"регистрация|新規登録|注册|회원가입"
)
RECOVER: Final = _words(
    r"forgot\w*|lost password|reset(?: your)? password|recover\w*|passwort vergessen|passwort zurücksetzen|"
    r"mot de passe oublié|olvid\w+|recuperar|esqueceu|dimenticat\w|vergeten|восстанов\w+|lost ?password|"
    r"password[ _/-]?reset|send reset\w*"
)
SUBSCRIBE: Final = _words(
    r"newsletter|subscribe|subscription|mailing list|abonnieren|abonner|infolettre|suscrib\w+|boletín|assinar|"
    r"iscriviti|nieuwsbrief|подпис\w+"
)
CONTACT: Final = _words(
    r"contact(?: us)?|get in touch|enquir\w+|inquir\w+|kontakt|nous contacter|contacto|contactar|contato|contatt\w+|"
    r"связаться|お問い合わせ|联系我们|support request|send message"
)
FEEDBACK: Final = _words(
    r"feedback|rate (?:us|this)|review|rückmeldung|avis|opinión|bewert\w+|was this helpful|report (?:a )?(?:bug|problem)"
)
COMMENT: Final = _words(
    r"comment\w*|reply|leave a reply|kommentar\w*|antworten|répondre|comentario|comentar|responder|komment\w+|комментар\w+|コメント|评论"
)
CHECKOUT: Final = _words(
    r"checkout|check out|billing|shipping|place order|zur kasse|kasse|bestellung abschließen|paiement|livraison|"
    r"finalizar compra|pedido|checkouts?"
)
ORDER: Final = _words(r"order(?: now)?|bestellen|commander|pedir|ordina|bestelling|заказ\w*|注文")
PAYMENT: Final = _words(r"pay(?: now)?|payment|bezahl\w+|zahlung\w*|payer|pagar|pago|pagamento|betal\w+|оплат\w+|支払い|支付")
CART: Final = _words(
    r"add to (?:cart|basket|bag)|in den warenkorb|ajouter au panier|añadir al carrito|adicionar ao carrinho|"
    r"aggiungi al carrello|в корзину|カートに入れる|加入购物车"
)
BOOKING: Final = _words(r"book(?: now)?|booking|reserv\w+|buchen|buchung|réserver|check.?in|appointment|termin|prenota\w*|boek\w*")
DONATE: Final = _words(r"donat\w+|spende\w*|don\b|faire un don|donar|doação|donazione|doneren|пожертв\w+")
POLL: Final = _words(r"vote|poll|abstimm\w+|umfrage|sondage|votar|encuesta|enquete|sondaggio|голосова\w+")
SURVEY: Final = _words(r"survey|questionnaire|quiz|fragebogen|umfrage|enquête|cuestionario|questionário|опрос")
PROFILE: Final = _words(r"profile|my account|account details|edit profile|profil|mein konto|mon compte|perfil|mi cuenta|profilo|профиль|my")
SETTINGS: Final = _words(
    r"settings?|preferences?|configur\w+|options|einstellung\w*|paramètres|préférences|ajustes|configuración|"
    r"configurações|impostazioni|instellingen|ustawienia|настройк\w+|設定|设置|설정"
)
DELETE: Final = _words(
    r"delete|remove|destroy|löschen|entfernen|supprimer|eliminar|borrar|excluir|elimina|verwijder\w*|usuń|удалить|削除|删除|삭제"
)
UPLOAD: Final = _words(
    r"upload|import|attach\w*|hochladen|importieren|téléverser|importer|subir|cargar|importar|carica|загруз\w+|アップロード|上传"
)
FILTER: Final = _words(
    r"filters?|refine|narrow|apply|show results|filtern|anwenden|filtrer|appliquer|filtrar|aplicar|filtra|applica|"
    r"toepassen|применить|絞り込み|筛选"
)
SEARCH: Final = _words(
    r"search|find|query|suche\w*|finden|recherche\w*|buscar|busca|búsqueda|pesquis\w+|cerca|ricerca|zoek\w*|szukaj|sök|"
    r"поиск|найти|検索|搜索|검색"
)
CREATE: Final = _words(
    r"create|creating|add|adding|new|submit|post|publish|erstellen|anlegen|hinzufügen|neue?r?s?|créer|ajouter|nouveau|nouvelle|crear|"
    r"añadir|agregar|nuevo|nueva|criar|adicionar|novo|nova|crea|aggiungi|nuovo|nuova|toevoegen|nieuw|dodaj|utwórz|"
    r"создать|добавить|作成|追加|新建|추가|\+"
)
EDIT: Final = _words(
    r"edit|editing|check|done|rename|unpublish|update|save(?: changes)?|change|modify|copy|"
    r"bearbeiten|ändern|speichern|aktualisieren|modifier|enregistrer|"
    r"mettre à jour|editar|guardar|actualizar|salvar|atualizar|modifica|salva|bewerken|opslaan|edytuj|zapisz|изменить|"
    r"сохранить|編集|保存|更新|编辑|저장|수정"
)
CONSENT: Final = _words(r"cookies?|consent|gdpr|tracking|privacy (?:choices|settings)|datenschutz\w*|einwillig\w+|témoins")
DISPLAY: Final = _words(
    r"sort(?: by)?|per page|page size|view|display|columns?|theme|density|sortieren|pro seite|ansicht|trier|affichage|ordenar|vista"
)
CODE: Final = _words(r"verif\w+|two.?factor|2fa|mfa|authenticat\w+|code|bestätig\w+")
