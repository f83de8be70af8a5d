"""Hazards are told in many languages, and what only sounds like one is not."""

import pytest

from formscout_discovery.policy import hazard_words
from formscout_discovery.policy.hazards import Hazard, hazard_of_address, hazard_of_control, is_assent


@pytest.mark.parametrize(
    ("label", "hazard"),
    [
        ("Delete", Hazard.DELETE), ("delete customer", Hazard.DELETE), ("Remove", Hazard.DELETE),
        ("Delete this customer and all its orders", Hazard.DELETE),
        ("Konto endgültig löschen", Hazard.DELETE), ("Supprimer", Hazard.DELETE), ("Eliminar cliente", Hazard.DELETE),
        ("Elimina", Hazard.DELETE),
        ("Excluir", Hazard.DELETE), ("Verwijderen", Hazard.DELETE), ("Ta bort", Hazard.DELETE), ("Slet", Hazard.DELETE),
        ("Poista", Hazard.DELETE),
        ("Usuń", Hazard.DELETE), ("Smazat", Hazard.DELETE), ("Удалить", Hazard.DELETE), ("Видалити", Hazard.DELETE),
        ("Sil", Hazard.DELETE),
        ("SİL", Hazard.DELETE), ("削除", Hazard.DELETE), ("この顧客を削除", Hazard.DELETE), ("删除", Hazard.DELETE),
        ("刪除客戶", Hazard.DELETE),
        ("삭제", Hazard.DELETE), ("삭제하기", Hazard.DELETE), ("حذف", Hazard.DELETE), ("מחק", Hazard.DELETE), ("हटाएं", Hazard.DELETE),
        ("Pay now", Hazard.PAY), ("Jetzt kaufen", Hazard.PAY), ("Zahlungspflichtig bestellen", Hazard.PAY), ("Оплатить", Hazard.PAY),
        ("購入", Hazard.PAY),
        ("Log out", Hazard.SIGN_OUT), ("Sign out", Hazard.SIGN_OUT), ("Logout", Hazard.SIGN_OUT), ("Abmelden", Hazard.SIGN_OUT),
        ("Çıkış", Hazard.SIGN_OUT),
        ("Se déconnecter", Hazard.SIGN_OUT), ("Cerrar sesión", Hazard.SIGN_OUT), ("Esci", Hazard.SIGN_OUT), ("Sair", Hazard.SIGN_OUT),
        ("Uitloggen", Hazard.SIGN_OUT), ("Logga ut", Hazard.SIGN_OUT), ("Kirjaudu ulos", Hazard.SIGN_OUT),
        ("Wyloguj się", Hazard.SIGN_OUT),
        ("Выйти", Hazard.SIGN_OUT), ("Вийти", Hazard.SIGN_OUT), ("ログアウト", Hazard.SIGN_OUT), ("退出登录", Hazard.SIGN_OUT),
        ("로그아웃", Hazard.SIGN_OUT),
        ("تسجيل الخروج", Hazard.SIGN_OUT), ("התנתק", Hazard.SIGN_OUT), ("लॉग आउट", Hazard.SIGN_OUT),
        ("Deactivate account", Hazard.DEACTIVATE), ("Cancel subscription", Hazard.CANCEL_CONTRACT),
        ("Unsubscribe", Hazard.CANCEL_CONTRACT),
        ("Reset to defaults", Hazard.RESET), ("Zurücksetzen", Hazard.RESET), ("Send", Hazard.SEND), ("Senden", Hazard.SEND),
        ("送信", Hazard.SEND),
    ],
)  # fmt: skip
def test_a_control_that_changes_something_is_told(label: str, hazard: Hazard) -> None:
    assert hazard_of_control(label, "button") is hazard


@pytest.mark.parametrize(
    "label",
    [
        "", "Save", "New customer", "Edit", "Cancel", "Close", "Silver", "Payments", "Deleted items", "Sender", "Checkout", "Settings",
        "Profile", "Abbrechen",
        "Reset password", "Forgot password?", "Passwort zurücksetzen", "Remove filter", "Clear selection",
        "How do I sign out of all my devices", "Paypal",
        "An article on the delete key", "Orders", "Buyer", "Menu", "Next", "Weiter", "次へ", "新規作成", "保存", "下一步", "Löschzug",
        "Issue 5",
    ],
)  # fmt: skip
def test_what_only_sounds_like_a_hazard_is_none(label: str) -> None:
    assert hazard_of_control(label, "button") is None


def test_a_button_that_empties_its_own_form_is_none() -> None:
    assert hazard_of_control("Reset", "button", {"type": "reset"}) is None
    assert hazard_of_control("Reset", "button", {"type": "button"}) is Hazard.RESET


def test_what_opens_something_to_be_sent_is_none() -> None:
    assert hazard_of_control("Send message", "link") is None
    assert hazard_of_control("Send message", "button", {"aria-haspopup": "dialog"}) is None
    assert hazard_of_control("Delete", "link") is Hazard.DELETE
    assert hazard_of_control("Delete", "button", {"aria-haspopup": "dialog"}) is Hazard.DELETE


def test_a_link_that_scripts_turn_into_a_delete_is_told_by_its_attributes() -> None:
    assert hazard_of_control("", "link", {"data-method": "delete"}) is Hazard.DELETE
    assert hazard_of_control("Jane", "link", {"data-turbo-method": "DELETE"}) is Hazard.DELETE
    assert hazard_of_control("Sign out", "link", {"data-method": "delete"}) is Hazard.SIGN_OUT
    assert hazard_of_control("✕", "button", {"hx-delete": "/rows/5"}) is Hazard.DELETE


def test_a_control_without_a_name_is_told_by_its_title() -> None:
    assert hazard_of_control("", "button", {"title": "Delete row"}) is Hazard.DELETE


@pytest.mark.parametrize(
    ("path", "hazard"),
    [
        ("/logout", Hazard.SIGN_OUT), ("/users/sign_out", Hazard.SIGN_OUT), ("/log-out.php", Hazard.SIGN_OUT),
        ("/j_spring_security_logout", Hazard.SIGN_OUT),
        ("/items/5/delete", Hazard.DELETE), ("/items/delete/5", Hazard.DELETE), ("/x?action=deleteUser&id=1", Hazard.DELETE),
        ("/x?do=remove", Hazard.DELETE),
        ("/#/users/5/remove", Hazard.DELETE), ("/kunden/5/loeschen", Hazard.DELETE), ("/kunden/5/l%C3%B6schen", None),
        ("/subscription/unsubscribe", Hazard.CANCEL_CONTRACT), ("/orders/5/cancel", Hazard.CANCEL_CONTRACT),
        ("/orders/5/approve", Hazard.SEND),
        ("/admin/cache/flush", Hazard.RESET), ("/users/5/deactivate", Hazard.DEACTIVATE),
        ("/", None), ("/deleted-items", None), ("/password/reset", None), ("/users/password/new", None),
        ("/accounts/password_reset/", None), ("/payments/new", None),
        ("/login", None), ("/delete-policy/archive/2024/posts", None), ("/orders?status=cancelled", None), ("/catalog/output", None),
        ("/senders", None),
        ("/x?redirect=/home", None),
    ],
)  # fmt: skip
def test_an_address_is_judged_by_whole_words_of_its_end_and_query(path: str, hazard: Hazard | None) -> None:
    assert hazard_of_address(f"https://app.example{path}") is hazard


def test_an_address_that_cannot_be_read_is_no_hazard() -> None:
    assert hazard_of_address("http://[") is None


@pytest.mark.parametrize("label", ["Yes", "OK", "ok!", "Ja", "Bestätigen", "Oui", "Да", "はい", "确定", "Confirm…"])
def test_assent_is_told(label: str) -> None:
    assert is_assent(label)


def test_no_word_of_assent_is_a_hazard_by_itself() -> None:
    assert [word for word in hazard_words.ASSENT if hazard_of_control(word, "button") is not None] == []


def test_every_phrase_is_told_as_a_hazard() -> None:
    lists = (
        hazard_words.DELETE, hazard_words.PAY, hazard_words.SIGN_OUT, hazard_words.DEACTIVATE, hazard_words.CANCEL_CONTRACT,
        hazard_words.RESET, hazard_words.SEND,
    )  # fmt: skip
    missed = [phrase for phrases in lists for phrase in phrases if hazard_of_control(phrase.rstrip("*"), "button") is None]
    assert missed == []
