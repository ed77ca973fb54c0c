"""A shop that has sold for two years and has a full stock, made by PostgreSQL itself."""

from tests.bench.data import AROUND

# Token i is of plan i % 40 + 1, whose business is (i + 1) % 8 + 1: each sells an eighth.
OF_BUSINESSES = """
UPDATE token_configurations p
SET "businessId" = md5('business' || (substr(p.name, 6)::int % 8 + 1))::uuid
"""

TOKENS = """
INSERT INTO wifi_tokens (id, "businessId", "hotspotId", "tokenConfigId", system, token, status,
    "planName", "durationMinutes", price, "expiresAt", "firstUsedAt", "createdAt", "updatedAt")
SELECT md5('token' || i)::uuid, md5('business' || ((i + 1) % 8 + 1))::uuid,
       md5('hotspot' || ((i + 1) % 16 + 1))::uuid, md5('plan' || (i % 40 + 1))::uuid, 'ESP32',
       upper(substr(md5('code' || i), 1, 4)) || lpad(to_hex(i), 6, '0'),
       CASE WHEN i <= :sales THEN 'EXPIRED' ELSE 'UNUSED' END, 'Plan ' || (i % 40 + 1),
       (i % 40 + 1) * 60, (i % 40 + 1) * 0.5,
       CASE WHEN i <= :sales THEN made + interval '2 hours' END,
       CASE WHEN i <= :sales THEN made + interval '1 hour' END, made, made
FROM generate_series(1, :sales + :stock) i,
     LATERAL (SELECT now() - (:sales + :stock - i) * interval '2 years' / (:sales + :stock)
              - interval '1 day' AS made) m;
"""

SALES = """
INSERT INTO wifi_token_sales (id, "businessId", "wifiTokenId", "receiptNumber", "saleAmount",
    "paymentMethod", "saleChannel", "soldAt", "soldBy", "voidedAt", "voidReason", "createdAt",
    "updatedAt")
SELECT md5('sale' || i)::uuid, md5('business' || ((i + 1) % 8 + 1))::uuid,
       md5('token' || i)::uuid, (i + 7) / 8, (i % 40 + 1) * 0.5,
       (ARRAY['CASH', 'CARD', 'MOBILE MONEY'])[i % 3 + 1], (ARRAY['DIRECT', 'POS'])[i % 2 + 1],
       sold, md5('user' || (i % 20 + 1))::uuid, CASE WHEN i % 200 = 0 THEN sold END,
       CASE WHEN i % 200 = 0 THEN 'by mistake' END, sold, sold
FROM generate_series(1, :sales) i,
     LATERAL (SELECT now() - (:sales - i) * interval '2 years' / :sales AS sold) m;
"""


def open_shop(connection, sales, stock):
    """Fill an empty migrated database with so many sales and so many tokens yet to be sold."""
    connection.execute("SET session_replication_role = replica")  # nothing to check or to mark
    connection.execute(AROUND)
    connection.execute(OF_BUSINESSES)
    for statement in (TOKENS, SALES):
        numbered = statement.replace(":sales", str(sales)).replace(":stock", str(stock))
        connection.execute(numbered)
    connection.execute("RESET session_replication_role")
    connection.execute("VACUUM (FREEZE, ANALYZE)")
    connection.execute("CHECKPOINT")
