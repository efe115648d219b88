// Adds a customer. The database decides whether an address is taken, not a SELECT
// beforehand: the unique constraint fails, and the handler answers in its own words.
import { mutation, SqlError, v } from "@stopgap/runtime";

const args = v.object({
  email: v.email(),
  name: v.string().check(v.minLength(1)),
  country: v.string().check(v.regex(/^[A-Z]{2}$/)),
});

export default mutation(args, async ({ email, name, country }, ctx) => {
  try {
    const [customer] = await ctx.db.query<{ id: number }>(
      `insert into shop.customers (email, name, country)
       values (lower($1), $2, $3)
       returning id`,
      [email, name, country],
    );
    return { ok: true, customerId: customer?.id };
  } catch (error) {
    if (error instanceof SqlError && error.code === "23505") {
      return { ok: false, reason: "email_taken", constraint: error.constraint };
    }
    throw error;
  }
});
