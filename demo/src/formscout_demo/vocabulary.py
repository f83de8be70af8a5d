"""The words and lists of the business: what records are made of and what selects offer."""

PREFIXES = (
    "Ashworth", "Bellwether", "Blackwater", "Brightling", "Calder", "Castlehaven", "Cormorant", "Dunmore", "Eastquay",
    "Fairlight", "Fastnet", "Gannet", "Greyfriars", "Halyard", "Harrow", "Heron", "Inverlochy", "Kestrel", "Kingsferry",
    "Lantern", "Lochside", "Marlin", "Merrow", "Northpoint", "Old Pier", "Pelican", "Quayside", "Ravenscar", "Saltmarsh",
    "Sandgate", "Skerry", "Spinnaker", "Stornaway", "Tidewell", "Whitesands",
)  # fmt: skip
TRADES = (
    "Boatyard", "Chandlery", "Charters", "Ferries", "Fisheries", "Inn", "Marina", "Provisions", "Sailing Club", "Salvage",
    "Shipping", "Yachts",
)  # fmt: skip
CITIES = (
    "Aberdeen", "Bristol", "Cardiff", "Dover", "Falmouth", "Hull", "Leith", "Liverpool", "Oban", "Plymouth", "Portsmouth",
    "Swansea", "Whitby",
)  # fmt: skip
STREETS = ("Harbour Road", "Quay Street", "Ropewalk", "Customs Lane", "Fish Market", "Dock Street", "Pier Approach")
PEOPLE = (
    "Amelia Hart", "Ben Okafor", "Carys Morgan", "Duncan Reid", "Elena Petrova", "Farid Nasser", "Grace Lin", "Hamish Fraser",
)  # fmt: skip
COUNTRIES = {"GB": "United Kingdom", "IE": "Ireland", "FR": "France", "NL": "Netherlands", "NO": "Norway", "DE": "Germany"}
CUSTOMER_STATUSES = {"lead": "Lead", "active": "Active", "on-hold": "On hold", "archived": "Archived"}
ORDER_STATUSES = {"new": "New", "packed": "Packed", "shipped": "Shipped", "delivered": "Delivered", "cancelled": "Cancelled"}
DELIVERY_METHODS = {"van": "Our own van", "carrier": "Pallet carrier", "collection": "Collection from the quay"}
PAYMENT_TERMS = {"prepaid": "Paid in advance", "14-days": "14 days", "30-days": "30 days", "60-days": "60 days"}
STORAGE = {"durable": "Durable", "perishable": "Perishable", "hazardous": "Hazardous"}
CATEGORIES = {
    "Provisions": ("Dry goods", "Tinned food", "Fresh produce"),
    "Rope and rigging": ("Rope", "Shackles", "Blocks"),
    "Deck and hull": ("Paint", "Cleaning", "Fenders"),
    "Safety": ("Life jackets", "Flares", "First aid"),
    "Galley": ("Cookware", "Tableware"),
}
VARIANTS = ("No. 1", "No. 2", "Trade pack", "Heavy duty")
SUPPLIERS = (
    "Albion Ropeworks", "Baltic Tar and Paint", "Clyde Canning", "Deepwater Safety", "Ebbtide Cookware", "Forth Farms",
    "Galloway Oats", "Humber Hardware", "Isle Fenders", "Jetty Supplies", "Kelp and Co.", "Lowland Rigging",
)  # fmt: skip
TAGS = ("Seasonal", "Key account", "Slow payer", "Newsletter")
LANES = ("To do", "Doing", "Done")
PRIORITIES = ("Low", "Normal", "High", "Urgent")
TICKETS = (
    "Repaint the pallet bay", "Chase the missing shackle delivery", "New price list for spring", "Van 2 needs a service",
    "Label printer jams on long names", "Count the flares before inspection", "Photographs for the galley range",
    "Ask Clyde Canning about smaller tins", "Replace the cold store thermometer", "Plan the autumn open day",
    "Check insurance for the new forklift", "Tidy the returns shelf",
)  # fmt: skip
NOTE_TOPICS = ("Call", "Visit", "Complaint", "Other")
STOCK_REASONS = ("Delivery", "Breakage", "Count", "Return")
TIMEZONES = ("Europe/London", "Europe/Dublin", "Europe/Paris", "Europe/Oslo", "UTC")
SUPPORT_TOPICS = ("Delivery", "Invoice", "Damaged goods", "Something else")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
ARTICLES = {
    "first-steps": ("First steps", "Add your first customer, then place an order for them with the three-step order form."),
    "stock": ("Counting stock", "Open a product and unfold “Adjust stock” whenever the shelf and the books disagree."),
    "deliveries": ("Deliveries", "Vans leave at seven. Orders that are packed by six the evening before go along."),
    "returns": ("Returns", "Perishable goods cannot be returned. Everything else can, within thirty days."),
}
