/* tile: register tiles as C. */
#include "emit/tile.h"

unsigned tile_rows(const emit_context *e, unsigned vectors, unsigned chains) {
    /* the sums, one row of weights, a factor and what a product goes through */
    unsigned free = e->target->registers - 2 - vectors, rows = free / (vectors * chains);
    return rows < 1 ? 1 : rows > COST_ROWS ? COST_ROWS : rows;
}

cexpr *tile_load(emit_context *e, cexpr *address) { return c_call(e->unit, emit_vector(e, "load"), 1, address); }

cexpr *tile_load_n(emit_context *e, cexpr *address, int64_t n) {
    if (n == e->target->lanes) return tile_load(e, address);
    return c_call(e->unit, emit_vector(e, "load_n"), 2, address, c_int(e->unit, n));
}

void tile_store_n(emit_context *e, cblock *b, cexpr *address, cexpr *value, int64_t n) {
    cunit *u = e->unit;
    if (n == e->target->lanes) c_do(b, c_call(u, emit_vector(e, "store"), 2, address, value));
    else c_do(b, c_call(u, emit_vector(e, "store_n"), 3, address, value, c_int(u, n)));
}

static const char *sum_name(const emit_context *e, const tile *t, unsigned index, unsigned chain) {
    const char *name = t->sums[index];
    return chain == 0 ? name : arena_printf(e->arena, "%s_%c", name, (char)('a' + chain));
}

void tile_declare(emit_context *e, cblock *b, const tile *t, cexpr *const *starts) {
    cexpr *zero = c_call(e->unit, emit_vector(e, "zero"), 0);
    for (unsigned chain = 0; chain < t->chains; chain++)
        for (unsigned i = 0; i < t->rows * t->vectors; i++)
            c_declare(b, e->target->prefix, sum_name(e, t, i, chain), starts && chain == 0 ? starts[i] : zero);
}

void tile_join_chains(emit_context *e, cblock *b, const tile *t) {
    cunit *u = e->unit;
    for (unsigned gap = 1; gap < t->chains; gap *= 2)
        for (unsigned chain = 0; chain < t->chains; chain += 2 * gap)
            for (unsigned i = 0; i < t->rows * t->vectors; i++) {
                cexpr *sum = c_name(u, "%s", sum_name(e, t, i, chain));
                cexpr *other = c_name(u, "%s", sum_name(e, t, i, chain + gap));
                c_assign(b, sum, "=", c_call(u, emit_vector(e, "add"), 2, sum, other));
            }
}

int64_t tile_statements(const tile *t, int64_t count) { return count * t->rows * t->vectors; }

/* splat(input[k]) of a row: a variable, or the call itself where terms are unrolled. */
static cexpr *factor_of(emit_context *e, cblock *b, const tile *t, unsigned row, cexpr *k, const char *suffix) {
    cunit *u = e->unit;
    int64_t number;
    if (t->splats && t->unrolled && c_is_int(k, &number)) return c_name(u, "%s_%lld", t->splats, (long long)number);
    cexpr *index = c_add(u, k, c_int(u, t->offsets[row]));
    cexpr *splat = c_call(u, emit_vector(e, "splat"), 1, c_index(u, c_name(u, "%s", t->inputs[row]), index));
    if (t->unrolled) return splat;
    const char *name = t->offsets[row] ? arena_printf(e->arena, "%s_k%s_%u", t->inputs[row], suffix, row)
                                       : arena_printf(e->arena, "%s_k%s", t->inputs[row], suffix);
    c_declare(b, arena_printf(e->arena, "const %s", e->target->prefix), name, splat);
    return c_name(u, "%s", name);
}

/* One term: k is its number, weights the address of its row. A row's factor is made just before it is used: registers
 * are few. */
static void add_term(emit_context *e, cblock *b, const tile *t, cexpr *k, cexpr *weights, unsigned chain,
                     const char *suffix) {
    cunit *u = e->unit;
    cexpr *column[TILE_MAX_VECTORS];
    for (unsigned v = 0; v < t->vectors; v++) {
        column[v] = tile_load(e, c_add(u, weights, c_int(u, t->columns[v])));
        if (t->rows == 1 || t->unrolled) continue;
        const char *name = arena_printf(e->arena, "w%u%s", v, suffix);
        c_declare(b, arena_printf(e->arena, "const %s", e->target->prefix), name, column[v]);
        column[v] = c_name(u, "%s", name);
    }
    for (unsigned r = 0; r < t->rows; r++) {
        cexpr *factor = factor_of(e, b, t, r, k, suffix);
        for (unsigned v = 0; v < t->vectors; v++) {
            cexpr *sum = c_name(u, "%s", sum_name(e, t, r * t->vectors + v, chain));
            c_assign(b, sum, "=", c_call(u, emit_vector(e, "madd"), 3, column[v], factor, sum));
        }
    }
}

/* `terms` terms beginning at k, one to each chain in turn. */
static void add_group(emit_context *e, cblock *b, const tile *t, cexpr *k, unsigned terms) {
    cunit *u = e->unit;
    cexpr *weights = c_add(u, t->weights, c_mul(u, k, c_int(u, t->width)));
    if (terms > 1 || (t->rows == 1 && t->vectors > 1)) {
        const char *name = "w_k";
        c_declare(b, "const float *", name, weights);
        weights = c_name(u, "%s", name);
    }
    for (unsigned i = 0; i < terms; i++)
        add_term(e, b, t, c_add(u, k, c_int(u, i)), c_add(u, weights, c_int(u, i * t->width)), i % t->chains,
                 i == 0 ? "" : arena_printf(e->arena, "%u", i));
}

void tile_add_terms(emit_context *e, cblock *b, const tile *t, tile_terms terms) {
    cunit *u = e->unit;
    int64_t from = 0, chains = t->chains;
    if (t->unrolled) {
        if (terms.count < 0 || !c_is_int(terms.from, &from)) ice("unrolled terms need constant bounds");
        int64_t even = terms.count / chains * chains;
        for (int64_t k = from; k < from + terms.count; k++)
            add_term(e, b, t, c_int(u, k), c_add(u, t->weights, c_int(u, k * t->width)),
                     k - from < even ? (unsigned)((k - from) % chains) : 0, "");
        return;
    }
    /* two terms a turn where they come out even and the tile is small */
    unsigned step = t->chains;
    if (step == 1 && t->rows == 1 && terms.count > 0 && terms.count % 2 == 0) step = 2;
    cexpr *even = terms.to;
    bool divides = terms.count >= 0 && terms.count % step == 0;
    if (!divides) {
        if (terms.count >= 0 && c_is_int(terms.from, &from)) even = c_int(u, from + terms.count / step * step);
        else even = c_mul(u, c_binary(u, "/", terms.to, c_int(u, step)), c_int(u, step));
    }
    const char *k = "k";
    int64_t fewer = step;
    if (terms.count < 0 || terms.count >= fewer)
        add_group(e, c_for(b, k, terms.from, even, step), t, c_name(u, "%s", k), step);
    if (divides) return;
    add_group(e, c_for(b, k, terms.count >= 0 && terms.count < fewer ? terms.from : even, terms.to, 1), t,
              c_name(u, "%s", k), 1);
}
