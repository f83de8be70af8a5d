"""Words, in many languages, of controls that change or end something; a phrase ending in `*` also matches longer words.

The languages are those of Chromium's autofill patterns and the other large ones of Europe and Asia. Phrases in scripts
that put no spaces between words are sought anywhere in a label, the others as whole words.
"""

from typing import Final

DELETE: Final = (
    # English, German, French, Spanish, Italian, Portuguese
    "delete", "deletes", "deleting", "remove", "removing", "erase", "destroy", "discard", "trash", "purge", "wipe",
    "move to trash", "drop table", "empty trash",
    "löschen", "lösche", "entfernen", "entferne", "verwerfen", "vernichten", "papierkorb leeren",
    "supprimer", "supprime", "effacer", "retirer", "détruire", "enlever", "mettre à la corbeille", "vider la corbeille",
    "eliminar", "elimina", "borrar", "borra", "suprimir", "quitar", "descartar", "vaciar papelera",
    "elimina", "eliminare", "cancella", "cancellare", "rimuovi", "rimuovere", "scarta", "svuota cestino",
    "excluir", "apagar", "remover", "deletar", "descartar",
    # Dutch, Swedish, Danish, Norwegian, Finnish
    "verwijder", "verwijderen", "wissen", "weggooien", "radera", "ta bort", "avlägsna", "slet", "slette", "fjern", "fjerne",
    "slett", "kassér",
    "poista", "poistaa", "hävitä",
    # Polish, Czech, Slovak, Hungarian, Romanian, Croatian, Slovene, Greek
    "usuń", "usunąć", "skasuj", "odrzuć", "smazat", "smaž", "odstranit", "odebrat", "vymazat", "zmazať", "vymazať", "odstrániť",
    "odobrať",
    "törlés", "törlése", "töröl", "eltávolítás", "eltávolítása", "șterge", "ștergeți", "sterge", "elimină", "izbriši", "obriši",
    "ukloni", "odstrani",
    "διαγραφή", "διαγράψτε", "κατάργηση", "αφαίρεση",
    # Russian, Ukrainian, Bulgarian, Serbian
    "удалить", "удаление", "удали", "стереть", "убрать", "видалити", "видалення", "вилучити", "стерти", "изтрий", "изтриване",
    "премахни", "обриши", "избриши",
    # Turkish, Arabic, Persian, Hebrew, Hindi
    "sil", "kaldır", "çöpe at", "حذف", "احذف", "إزالة", "مسح", "پاک کردن", "حذف کردن", "מחק", "מחיקה", "הסר", "הסרה", "हटाएं",
    "हटाएँ", "मिटाएं", "मिटाएँ", "डिलीट*",
    # Indonesian, Vietnamese, Thai, Japanese, Chinese, Korean
    "hapus", "buang", "padam", "xóa", "xoá", "gỡ bỏ", "ลบ", "削除", "消去", "破棄", "删除", "刪除", "移除", "清空", "삭제",
    "제거", "지우기",
)  # fmt: skip

PAY: Final = (
    "pay", "pay now", "buy", "buy now", "purchase", "place order", "place your order", "submit order", "complete order",
    "complete purchase", "confirm order",
    "order now", "confirm payment", "make payment", "donate now", "subscribe now", "start subscription", "upgrade now",
    "transfer money", "withdraw",
    "bezahlen", "jetzt bezahlen", "jetzt kaufen", "kaufen", "zahlungspflichtig bestellen", "kostenpflichtig bestellen",
    "bestellung abschicken", "überweisen",
    "payer", "acheter", "acheter maintenant", "passer la commande", "valider la commande", "régler",
    "pagar", "comprar", "comprar ahora", "realizar pedido", "finalizar compra", "comprar agora", "finalizar pedido",
    "paga", "paga ora", "acquista", "acquista ora", "compra", "compra ora", "conferma ordine",
    "betalen", "nu kopen", "kopen", "bestelling plaatsen", "afrekenen en betalen", "betala", "köp", "köp nu", "slutför köp",
    "betal", "køb", "køb nu", "kjøp", "kjøp nå",
    "maksa", "osta", "osta nyt", "tilaa nyt",
    "zapłać", "kup", "kup teraz", "kupuję i płacę", "złóż zamówienie", "zaplatit", "koupit", "objednat", "zaplatiť", "kúpiť",
    "objednať",
    "fizetés", "megvásárlás", "plătește", "cumpără", "plaćanje", "kupi", "plačaj", "πληρωμή", "αγορά",
    "оплатить", "купить", "заказать", "оформить заказ", "сплатити", "купити", "замовити", "плати", "купи", "поръчай",
    "öde", "satın al", "siparişi tamamla", "ادفع", "شراء", "اشتر", "اشتري", "پرداخت", "خرید", "שלם", "תשלום", "קנה", "קנייה",
    "भुगतान करें", "खरीदें",
    "bayar", "beli", "thanh toán", "mua ngay", "ชำระเงิน", "ซื้อ", "購入", "支払う", "注文を確定", "付款", "支付", "购买",
    "購買", "立即购买", "提交订单", "결제", "구매", "주문하기",
)  # fmt: skip

SIGN_OUT: Final = (
    "log out", "logout", "log off", "logoff", "sign out", "signout", "sign off", "end session", "switch account", "log me out",
    "abmelden", "ausloggen", "se déconnecter", "déconnexion", "déconnecter", "cerrar sesión", "cerrar la sesión", "desconectar",
    "desconectarse",
    "esci", "disconnetti", "disconnettersi", "sair", "terminar sessão", "encerrar sessão", "desligar sessão", "finalizar sessão",
    "uitloggen", "afmelden", "logga ut", "log ud", "logg ut", "logg av", "kirjaudu ulos", "wyloguj", "wyloguj się", "odhlásit",
    "odhlásit se", "odhlásiť", "odhlásiť sa",
    "kijelentkezés", "kilépés", "deconectare", "deconectați-vă", "ieșire din cont", "odjava", "odjavi se", "odjavi me",
    "αποσύνδεση", "έξοδος",
    "выйти", "выход", "вийти", "вихід", "изход", "излез", "одјава", "одјави се", "çıkış", "çıkış yap", "oturumu kapat",
    "تسجيل الخروج", "خروج", "התנתק", "התנתקות", "יציאה", "יציאה מהמערכת", "लॉग आउट", "लॉगआउट", "साइन आउट", "keluar", "đăng xuất",
    "ออกจากระบบ", "ログアウト", "サインアウト",
    "退出登录", "退出登入", "退出", "登出", "注销", "註銷", "로그아웃",
)  # fmt: skip

DEACTIVATE: Final = (
    "deactivate", "disable account", "close account", "close my account", "terminate", "revoke", "suspend", "ban user",
    "block user", "lock user", "kill session",
    "shut down", "shutdown", "restart server", "reboot", "uninstall", "leave project", "leave team", "leave group",
    "leave organization", "leave organisation",
    "deaktivieren", "konto schließen", "widerrufen", "sperren", "herunterfahren", "neustarten", "deinstallieren", "kündigen",
    "désactiver", "révoquer", "fermer le compte", "résilier", "désinstaller", "redémarrer", "desactivar", "revocar",
    "dar de baja", "darse de baja", "desinstalar", "reiniciar",
    "disattiva", "revoca", "disinstalla", "riavvia", "desativar", "revogar", "encerrar conta", "deactiveren", "intrekken",
    "opheffen", "avaktivera", "inaktivera", "deaktivér",
    "deaktiver", "poista käytöstä", "dezaktywuj", "wyłącz konto", "odinstaluj", "deaktivovat", "deaktivovať", "odvolat",
    "deaktiválás", "dezactivează", "deaktiviraj", "απενεργοποίηση",
    "деактивировать", "отозвать", "заблокировать", "отключить", "деактивувати", "заблокувати", "деактивирай", "devre dışı bırak",
    "hesabı kapat", "تعطيل", "إلغاء التنشيط", "غیرفعال کردن",
    "השבת", "השבתה", "निष्क्रिय करें", "nonaktifkan", "vô hiệu hóa", "ปิดใช้งาน", "無効化", "無効にする", "退会", "停用", "禁用",
    "注销账号", "비활성화", "탈퇴", "차단",
)  # fmt: skip

CANCEL_CONTRACT: Final = (
    "cancel subscription", "cancel my subscription", "cancel plan", "cancel membership", "cancel order", "cancel booking",
    "cancel reservation", "cancel appointment",
    "cancel account", "cancel invoice", "end subscription", "unsubscribe", "opt out", "abbestellen", "abo kündigen",
    "bestellung stornieren", "stornieren",
    "annuler la commande", "annuler l'abonnement", "annuler la réservation", "se désabonner", "se désinscrire",
    "cancelar suscripción", "cancelar la suscripción",
    "cancelar pedido", "cancelar reserva", "anular pedido", "annulla ordine", "annulla abbonamento", "disdici", "disiscriviti",
    "cancelar assinatura", "cancelar inscrição", "anular subscrição",
    "abonnement opzeggen", "bestelling annuleren", "uitschrijven", "avsluta prenumeration", "avprenumerera", "avboka", "afmeld",
    "opsig", "avslutt abonnement", "avbestill",
    "peruuta tilaus", "peru tilaus", "anuluj subskrypcję", "anuluj zamówienie", "wypisz się", "zrušit objednávku",
    "zrušit předplatné", "odhlásit odběr", "zrušiť objednávku",
    "leiratkozás", "rendelés törlése", "dezabonare", "anulează comanda", "otkaži narudžbu", "ακύρωση συνδρομής",
    "ακύρωση παραγγελίας",
    "отменить заказ", "отменить подписку", "отписаться", "скасувати замовлення", "скасувати підписку", "відписатися",
    "отказ от абонамент",
    "aboneliği iptal et", "siparişi iptal et", "abonelikten çık", "إلغاء الاشتراك", "إلغاء الطلب", "لغو اشتراک", "ביטול מנוי",
    "ביטול הזמנה", "सदस्यता रद्द करें",
    "batalkan pesanan", "berhenti berlangganan", "hủy đăng ký", "hủy đơn hàng", "ยกเลิกการสมัคร", "解約", "注文をキャンセル",
    "購読解除", "配信停止", "取消订单", "取消訂單", "退订", "退訂", "구독 취소", "주문 취소",
)  # fmt: skip

RESET: Final = (
    "reset", "reset all", "reset to defaults", "factory reset", "restore defaults", "clear all data", "clear data",
    "clear history", "clear cache", "roll back", "rollback", "revert",
    "zurücksetzen", "réinitialiser", "restablecer", "ripristina", "redefinir", "repor", "restaurar padrões", "resetten",
    "herstellen", "återställ", "nulstil", "tilbakestill", "nollaa", "palauta oletukset",
    "zresetuj", "przywróć domyślne", "resetovat", "obnovit výchozí", "obnoviť predvolené", "visszaállítás", "resetează",
    "poništi", "επαναφορά", "сбросить", "скинути", "нулирай",
    "sıfırla", "إعادة تعيين", "إعادة ضبط", "بازنشانی", "איפוס", "אפס", "रीसेट*", "setel ulang", "đặt lại", "รีเซ็ต", "リセット",
    "初期化", "重置", "重設", "초기화",
)  # fmt: skip

SEND: Final = (
    "send", "send now", "send message", "send email", "send e-mail", "send invitation", "send invite", "send reminder",
    "publish", "post comment", "tweet",
    "senden", "absenden", "abschicken", "verschicken", "veröffentlichen", "envoyer", "publier", "enviar", "publicar", "invia",
    "pubblica", "verzenden", "versturen", "publiceren",
    "skicka", "publicera", "send besked", "offentliggør", "publiser", "lähetä", "julkaise", "wyślij", "opublikuj", "odeslat",
    "zveřejnit", "publikovat", "odoslať", "küldés", "elküldés", "közzététel",
    "trimite", "publică", "pošalji", "objavi", "pošlji", "αποστολή", "δημοσίευση", "отправить", "опубликовать", "надіслати",
    "відправити", "опублікувати", "изпрати", "публикувай",
    "gönder", "yayınla", "إرسال", "أرسل", "نشر", "ارسال", "انتشار", "שלח", "שליחה", "פרסם", "भेजें", "प्रकाशित करें", "kirim",
    "terbitkan", "gửi", "đăng bài", "ส่ง", "เผยแพร่", "送信", "公開する", "投稿", "发送", "發送", "发布", "發佈", "보내기",
    "전송", "게시",
)  # fmt: skip

ASSENT: Final = (
    "yes", "ok", "okay", "confirm", "continue", "proceed", "i agree", "agree", "apply", "done", "go", "ja", "bestätigen",
    "weiter", "fortfahren", "oui", "confirmer", "continuer", "sí", "si", "confirmar", "continuar", "aceptar",
    "conferma", "continua", "sim", "prosseguir", "aceitar", "bevestigen", "doorgaan", "bekräfta", "fortsätt", "bekræft",
    "fortsæt", "bekreft", "fortsett", "kyllä", "vahvista", "jatka",
    "tak", "potwierdź", "dalej", "kontynuuj", "ano", "potvrdit", "pokračovat", "áno", "potvrdiť", "igen", "megerősítés", "da",
    "confirmă", "potvrdi", "ναι", "επιβεβαίωση", "да", "подтвердить", "продолжить",
    "так", "підтвердити", "продовжити", "evet", "onayla", "devam", "devam et", "نعم", "تأكيد", "متابعة", "بله", "تایید", "כן",
    "אישור", "המשך", "हाँ", "हां", "पुष्टि करें", "ya", "konfirmasi", "có", "xác nhận", "ใช่", "ยืนยัน",
    "はい", "確認", "続行", "是", "确定", "確定", "确认", "確認", "继续", "예", "확인", "계속",
)  # fmt: skip

ADDRESS_WORDS: Final = {
    "delete": (
        "delete", "del", "remove", "destroy", "erase", "purge", "trash", "unlink", "drop", "loeschen", "entfernen", "supprimer",
        "eliminar", "borrar", "elimina", "excluir", "apagar",
        "verwijderen", "radera", "slet", "slett", "poista", "usun", "smazat", "odstranit", "udalit", "sil", "hapus", "xoa",
        "dodelete",
    ),
    "pay": ("pay", "buy", "purchase", "placeorder"),
    "sign_out": (
        "logout", "logoff", "signout", "signoff", "abmelden", "ausloggen", "deconnexion", "logoutuser", "dologout", "uitloggen",
        "loggaut", "wyloguj", "odhlasit", "cikis", "sair", "desconectar",
    ),
    "deactivate": (
        "deactivate", "disable", "revoke", "terminate", "suspend", "shutdown", "reboot", "uninstall", "ban", "deaktivieren",
        "desactiver", "desactivar",
    ),
    "cancel_contract": ("unsubscribe", "optout", "abbestellen", "desabonner", "cancel"),
    "reset": ("reset", "resetdb", "flush", "truncate", "rollback", "revert", "restoredefaults"),
    "send": (
        "send", "publish", "unpublish", "approve", "reject", "archive", "unarchive", "confirm", "activate", "execute", "vote",
        "follow", "unfollow", "like", "unlike",
    ),
}  # fmt: skip
"""Words of paths and queries that look like an action, by hazard; matched as whole words of the address."""
