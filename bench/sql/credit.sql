-- One credit, statement for statement what `loyalty` sends: the key, the document, the lock, everything that changes in
-- one statement, the answer. Values that Python computes stand here as constants.
-- Variables: :partner (UUID), :members.
\set n random(1, :members)
\set key random(1, 9000000000000000000)
BEGIN;
INSERT INTO idempotency (caller, key, fingerprint)
VALUES ('bench', 'pgbench-' || lpad(:key::text, 28, '0'), repeat('f', 64))
ON CONFLICT DO NOTHING RETURNING key \gset
INSERT INTO purchase (partner_id, id, membership_id, branch_id, kind, source, origin, source_ref, version, fingerprint,
                      occurred_at, amount, actor)
VALUES (:partner::uuid, uuidv7(), ('00000000-0000-7000-8000-' || lpad(to_hex(:n::bigint), 12, '0'))::uuid, NULL, 'accrual',
        'manual', 'bench', :key, 0, repeat('f', 64), now(), 0, NULL)
ON CONFLICT (partner_id, source, origin, source_ref) DO NOTHING RETURNING id AS purchase, membership_id AS member \gset
SELECT m.customer_id, m.state, m.merged_into, m.active, m.pending, m.held, m.debt, m.seq, m.next_due_at, m.visits,
       m.spent, m.is_vip, m.birthday_used_on, m.first_purchase_at, m.last_purchase_at, c.birth_date, p.timezone
FROM membership m JOIN customer c ON c.id = m.customer_id JOIN partner p ON p.id = m.partner_id
WHERE m.partner_id = :partner::uuid AND m.id = :member::uuid
FOR NO KEY UPDATE OF m \gset
WITH made AS (
    SELECT :partner::uuid AS partner, :member::uuid AS member, :purchase::uuid AS purchase, uuidv7() AS entry, uuidv7() AS lot
), changed AS (
    UPDATE membership m
    SET active = m.active + 50, seq = m.seq + 1, visits = m.visits + 1, spent = m.spent + 1000, next_due_at = NULL,
        first_purchase_at = coalesce(m.first_purchase_at, now()), last_purchase_at = now(), birthday_used_on = NULL,
        pending = m.pending, held = m.held, debt = m.debt, state = m.state, merged_into = NULL
    FROM made WHERE m.partner_id = made.partner AND m.id = made.member
    RETURNING m.seq, m.total, m.balance
), priced AS (
    UPDATE purchase p
    SET amount = 1000, revision = 1,
        rules = '{"version": 1, "factors": [], "multiplier": "1", "rate": "0.05", "point_value": "1.00", "min_spend": 100, "max_share": "100", "points_step": 1, "eligible_categories": null, "clawback": "debt", "grace_days": 30, "pending_days": 0, "base_life_months": null, "base_life_days": null, "bonus_life_days": null}',
        breakdown = '[{"kind": "base", "amount": "1000.00", "rate": "0.05", "points": "50"}, {"kind": "rounding", "points": "0"}]'
    FROM made WHERE p.partner_id = made.partner AND p.id = made.purchase
), entered AS (
    INSERT INTO entry (partner_id, id, membership_id, seq, kind, points, total_before, total_after, balance_after, source,
                       source_ref, purchase_id, reverses_id, rules, actor, occurred_at)
    SELECT partner, entry, member, seq, 'earn', 50, total - 50, total, balance, 'manual', purchase || '#1', purchase, NULL,
           NULL, NULL, now()
    FROM made, changed
), opened AS (
    INSERT INTO lot (partner_id, id, membership_id, entry_id, purchase_id, points, remaining, held, state, available_at,
                     expires_at, expiries)
    SELECT partner, lot, member, entry, purchase, 50, 50, 0, 'active', now(), NULL, 0 FROM made
), lines AS (
    INSERT INTO purchase_line (partner_id, purchase_id, n, name, sku, category, quantity, amount, remaining, weight, spent,
                               no_accrual, no_spending)
    SELECT partner, purchase, 1, NULL, NULL, NULL, 1, 1000, 1000, 50, 0, false, false FROM made
), awarded AS (
    INSERT INTO award (partner_id, entry_id, purchase_id, kind, points, kept, shortfall)
    SELECT partner, entry, purchase, 'earn', 50, 50, 0 FROM made
)
INSERT INTO outbox (job, partner_id, payload, ordering_key)
SELECT 'send_notice', partner, jsonb_build_object('kind', 'credited', 'membership_id', member, 'purchase_id', purchase),
       'membership:' || member
FROM made;
UPDATE idempotency
SET status = 201,
    answer = '{"id": "01890000-0000-7000-8000-000000000000", "type": "accrual", "points": 50, "balance": 50, "available": 50, "pending": 0, "check_amount": "1000.00", "breakdown": [{"kind": "base", "amount": "1000.00", "rate": "0.05", "points": "50"}], "occurred_at": "2026-03-10T12:00:00+00:00"}'
WHERE caller = 'bench' AND key = :key;
COMMIT;
