"""Fills the database with the sample data, the same every time."""

import random
from datetime import date, timedelta
from itertools import product as combinations
from sqlite3 import Connection

from formscout_demo.auth import hash_password
from formscout_demo.database import Database
from formscout_demo.vocabulary import (
    CATEGORIES,
    CITIES,
    LANES,
    ORDER_STATUSES,
    PEOPLE,
    PREFIXES,
    PRIORITIES,
    STREETS,
    SUPPLIERS,
    TAGS,
    TICKETS,
    TRADES,
    VARIANTS,
)

DEMO_EMAIL = "demo@example.com"
DEMO_PASSWORD = "demo-password"  # noqa: S105 — printed in the README, protects sample data
SEED = 1851
TODAY = date(2025, 6, 2)
ORDERS = 260
# What an undecided choice falls on: most customers are active, most old orders delivered.
CUSTOMER_ODDS = {"active": 80, "lead": 10, "on-hold": 6, "archived": 4}


def seed(database: Database) -> None:
    """Replace everything in the database by the sample data."""
    database.create_tables()
    chance = random.Random(SEED)  # noqa: S311 — sample data
    with database.transaction() as connection:
        _add_user(connection)
        _add_customers(connection, chance)
        _add_suppliers(connection, chance)
        _add_products(connection, chance)
        _add_orders(connection, chance)
        _add_tickets(connection, chance)


def _add_user(connection: Connection) -> None:
    connection.execute(
        "INSERT INTO user (email, password, first_name, last_name, job_title, phone) VALUES (?, ?, ?, ?, ?, ?)",
        (DEMO_EMAIL, hash_password(DEMO_PASSWORD), "Dana", "Moor", "Shop manager", "+44 20 7946 0100"),
    )
    connection.executemany("INSERT INTO tag (name) VALUES (?)", [(name,) for name in TAGS])
    company = {"company_name": "Harbour Goods Ltd", "email": "office@harbour-goods.example", "currency": "GBP"}
    connection.executemany("INSERT INTO setting VALUES ('company', ?, ?)", company.items())


def _add_customers(connection: Connection, chance: random.Random) -> None:
    names = [f"{prefix} {trade}" for prefix, trade in combinations(PREFIXES, TRADES)]
    chance.shuffle(names)
    for name in names:
        domain = name.lower().replace(" ", "-")
        status = chance.choices(list(CUSTOMER_ODDS), list(CUSTOMER_ODDS.values()))[0]
        since = TODAY - timedelta(days=chance.randrange(30, 2500))
        connection.execute(
            "INSERT INTO customer (name, email, phone, vat_number, street, postal_code, city, status, credit_limit, since)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                name,
                f"orders@{domain}.example",
                f"+44 1632 960{chance.randrange(1000):03}",
                f"GB{chance.randrange(10**9):09}",
                f"{chance.randrange(1, 120)} {chance.choice(STREETS)}",
                f"HG{chance.randrange(1, 20)} {chance.randrange(1, 10)}QS",
                chance.choice(CITIES),
                status,
                chance.randrange(1, 40) * 250,
                since.isoformat(),
            ),
        )
    connection.execute(
        "INSERT INTO note (customer_id, topic, body, author)"
        " SELECT id, 'Call', 'Asked for the spring price list.', 'Dana Moor' FROM customer WHERE id % 3 = 0"
    )


def _add_suppliers(connection: Connection, chance: random.Random) -> None:
    for name in SUPPLIERS:
        contact = chance.choice(PEOPLE)
        email = f"sales@{name.lower().replace(' ', '-').replace('.', '')}.example"
        connection.execute(
            "INSERT INTO supplier (name, contact, email, phone, lead_time_days, preferred) VALUES (?, ?, ?, ?, ?, ?)",
            (name, contact, email, f"+44 1632 961{chance.randrange(1000):03}", chance.randrange(2, 30), chance.randrange(2)),
        )


def _add_products(connection: Connection, chance: random.Random) -> None:
    number = 0
    for category, subcategories in CATEGORIES.items():
        for subcategory, variant in combinations(subcategories, VARIANTS):
            number += 1
            storage = {"Fresh produce": "perishable", "Paint": "hazardous", "Flares": "hazardous"}.get(subcategory, "durable")
            connection.execute(
                "INSERT INTO product (sku, name, category, subcategory, storage, expiry_date, un_number, price, stock, supplier_id)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    f"HG-{number:04}",
                    f"{subcategory} {variant}",
                    category,
                    subcategory,
                    storage,
                    (TODAY + timedelta(days=21)).isoformat() if storage == "perishable" else "",
                    "UN 1263" if storage == "hazardous" else "",
                    chance.randrange(200, 18000) / 100,
                    chance.choice((0, 4, 12, 40, 85, 120, 300)),
                    chance.randrange(1, len(SUPPLIERS) + 1),
                ),
            )


def _add_orders(connection: Connection, chance: random.Random) -> None:
    customers = connection.execute("SELECT id, street, postal_code, city FROM customer").fetchall()
    products = connection.execute("SELECT id, price FROM product").fetchall()
    for number in range(ORDERS):
        customer = chance.choice(customers)
        placed = TODAY - timedelta(days=(ORDERS - number) // 2)
        recent = number > ORDERS - 40
        status = chance.choice(tuple(ORDER_STATUSES)) if recent else "delivered"
        sale = connection.execute(
            "INSERT INTO sale (customer_id, status, placed_on, delivery_date, street, postal_code, city) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (customer["id"], status, placed.isoformat(), (placed + timedelta(days=3)).isoformat(), *tuple(customer)[1:]),
        ).lastrowid
        connection.executemany(
            "INSERT INTO sale_line VALUES (?, ?, ?, ?)",
            [(sale, line["id"], chance.randrange(1, 25), line["price"]) for line in chance.sample(products, 3)],
        )


def _add_tickets(connection: Connection, chance: random.Random) -> None:
    connection.executemany(
        "INSERT INTO ticket (title, lane, priority, assignee, due_on) VALUES (?, ?, ?, ?, ?)",
        [
            (
                title,
                chance.choice(LANES),
                chance.choice(PRIORITIES),
                chance.choice(PEOPLE),
                (TODAY + timedelta(days=chance.randrange(40))).isoformat(),
            )
            for title in TICKETS
        ],
    )
