/* kernel_recurrent_step: the function of one time step, for one row or a tile of rows.
 *
 * Panel by panel, the sums of a few vectors of units start from the row of projected inputs, run over all of the
 * previous h and end as complete gates, from which c and h follow at once. All sums must be done before h changes:
 * where everything is unrolled the new h waits in variables, otherwise in `next`. A GRU that resets before the product
 * does two such passes, with r * h between them; proj_size ends with a product of its own. */
#include "emit/kernel_recurrent.h"

typedef enum { HIDDEN_IN_VARIABLES, HIDDEN_IN_NEXT, HIDDEN_AT_ONCE } hidden_place;

/* One pass over all units: the columns of a pack, started from column groups of z. */
typedef struct {
    const pack *pack;
    cexpr *table;
    const char *letters; /* of the groups' sums */
    unsigned group;      /* z's column group in which the pass's first starts */
    bool resets;         /* gives r * h and z, not h */
    const char *factor[COST_ROWS];
    unsigned vectors, chains;
    int64_t first_term; /* of the last block of terms; those before are added into z */
    bool unroll_units, unroll_terms;
} pass;

typedef struct {
    const recurrent *r;
    emit_context *e;
    unsigned rows;
    cblock *block;
    const char *gates[COST_ROWS], *h[COST_ROWS], *c[COST_ROWS], *out[COST_ROWS], *next[COST_ROWS];
    cexpr *h_row, *c_row, *out_row;
    hidden_place place;
    unsigned hidden_count; /* vectors of new h in variables so far, a row */
} step;

const dim *recurrent_row_stride(const recurrent *r, recurrent_rows which) {
    const plan_operand *o = &r->k->results[which == RECURRENT_H ? 1 : which == RECURRENT_C ? 2 : 0];
    return o->view.strides[which == RECURRENT_OUT ? 1 : 0];
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t vectors_of(const emit_context *e, int64_t floats) {
    return (floats + e->target->lanes - 1) / e->target->lanes;
}

/* --- one vector's end: where the new h goes --- */

static const char *suffix_of(const step *s, unsigned row, unsigned vector) {
    return s->rows == 1 ? arena_printf(s->e->arena, "%u", vector) : arena_printf(s->e->arena, "%u_%u", vector, row);
}

/* Of vector `lane` behind a unit in a row of h, c, … */
static cexpr *address(const step *s, const char *name, cexpr *unit, int64_t lane) {
    cunit *u = s->e->unit;
    return c_add(u, c_add(u, c_name(u, "%s", name), unit), c_int(u, lane));
}

static void place_hidden(const step *s, cblock *b, unsigned row, cexpr *unit, int64_t lane, cexpr *hidden,
                         int64_t lanes) {
    emit_context *e = s->e;
    if (s->place == HIDDEN_IN_VARIABLES) return;
    const char *to = s->place == HIDDEN_IN_NEXT ? s->next[row] : s->h[row];
    tile_store_n(e, b, address(s, to, unit, lane), hidden, lanes);
    if (s->r->has_out && !s->r->projects) tile_store_n(e, b, address(s, s->out[row], unit, lane), hidden, lanes);
}

/* --- a pass --- */

/* A panel, or what stands for all full ones. */
typedef struct {
    int64_t panel;
    cexpr *weights; /* its address */
    cexpr *unit;    /* its first unit */
    const char *gates[COST_ROWS];
} panel_place;

/* The address of unit j in column group `group` of a row of z in this panel. */
static cexpr *group_of(const step *s, const pass *p, const panel_place *at, unsigned row, unsigned group, cexpr *j) {
    cunit *u = s->e->unit;
    cexpr *unit = c_add(u, c_name(u, "%s", at->gates[row]), j);
    return c_add(u, unit, c_int(u, group * pack_width(p->pack, at->panel)));
}

/* `vectors` vectors of units from unit j of the panel on; the last has `last` real lanes. */
static void emit_units(step *s, const pass *p, cblock *b, const panel_place *at, cexpr *j, unsigned vectors,
                       int64_t last, unsigned number) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    const recurrent *r = s->r;
    int64_t lanes = e->target->lanes, width = pack_width(p->pack, at->panel), terms = p->pack->terms;
    bool blocked = p->first_term > 0;
    unsigned groups = p->pack->gates, sums = groups * vectors;
    tile t = {.rows = s->rows, .vectors = sums, .chains = p->chains, .width = groups * width};
    t.weights = c_add(u, c_add(u, at->weights, c_int(u, pack_bias_floats(p->pack, at->panel))), j);
    t.unrolled = p->unroll_terms;
    if (p->unroll_terms && p->unroll_units && s->rows == 1) t.splats = p->factor[0];
    cexpr *starts[TILE_MAX_SUMS];
    for (unsigned row = 0; row < s->rows; row++) {
        t.inputs[row] = p->factor[row];
        for (unsigned v = 0; v < vectors; v++)
            for (unsigned g = 0; g < groups; g++) {
                unsigned i = row * sums + v * groups + g;
                t.sums[i] = arena_printf(e->arena, "%c%s", p->letters[g], suffix_of(s, row, number + v));
                t.columns[v * groups + g] = g * width + v * lanes;
                /* the n of h, in a GRU that resets after the product, starts from its own bias */
                if (p->group + g < r->cost.gates || r->cost.columns == r->cost.gates || blocked)
                    starts[i] = tile_load(e, c_add(u, group_of(s, p, at, row, p->group + g, j), c_int(u, v * lanes)));
                else if (g >= p->pack->bias_from)
                    starts[i] = tile_load(e, c_add(u, c_add(u, at->weights, j), c_int(u, v * lanes)));
                else starts[i] = c_call(u, emit_vector(e, "zero"), 0);
            }
    }
    tile_declare(e, b, &t, blocked ? NULL : starts);
    cexpr *to = c_name(u, "%s", r->projected_constant);
    tile_add_terms(e, b, &t, (tile_terms){c_int(u, p->first_term), to, terms - p->first_term});
    tile_join_chains(e, b, &t);
    for (unsigned i = 0; blocked && i < s->rows * sums; i++) {
        cexpr *sum = c_name(u, "%s", t.sums[i]);
        c_assign(b, sum, "=", c_call(u, emit_vector(e, "add"), 2, starts[i], sum));
    }
    cexpr *first_unit = c_add(u, at->unit, j);
    if (!c_is_int(first_unit, NULL)) {
        c_declare(b, "const size_t", "unit", first_unit);
        first_unit = c_name(u, "unit");
    }
    for (unsigned row = 0; row < s->rows; row++)
        for (unsigned v = 0; v < vectors; v++) {
            recurrent_cell cell = {.recurrent = r, .block = b, .suffix = suffix_of(s, row, number + v), .width = width};
            cell.lanes = v + 1 == vectors ? last : lanes;
            cell.gates = group_of(s, p, at, row, 0, c_add(u, j, c_int(u, v * lanes)));
            cell.h = address(s, s->h[row], first_unit, v * lanes);
            if (r->has_cell) cell.c = address(s, s->c[row], first_unit, v * lanes);
            if (p->resets)
                tile_store_n(e, b, address(s, s->next[row], first_unit, v * lanes), recurrent_emit_reset(&cell),
                             cell.lanes);
            else place_hidden(s, b, row, first_unit, v * lanes, recurrent_emit_cell(&cell), cell.lanes);
        }
}

/* The bias of the n of h, or 0, into its column group of z: `floats` units from j on. */
static void emit_candidate_start(const step *s, const pass *p, cblock *b, const panel_place *at, cexpr *j,
                                 int64_t floats) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    bool has_bias = p->pack->bias_from < p->pack->gates;
    cexpr *bias = has_bias ? tile_load(e, c_add(u, at->weights, j)) : c_call(u, emit_vector(e, "zero"), 0);
    for (unsigned row = 0; row < s->rows; row++)
        tile_store_n(e, b, group_of(s, p, at, row, s->r->cost.gates, j), bias, floats);
}

/* The blocks of terms before the last one, added into z. */
static void emit_blocks(const step *s, const pass *p, cblock *b, const panel_place *at) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    int64_t lanes = e->target->lanes, width = pack_width(p->pack, at->panel);
    if (s->r->cost.columns != s->r->cost.gates) {
        /* the n of h has no start in z yet */
        int64_t whole = width / lanes * lanes;
        if (whole > lanes)
            emit_candidate_start(s, p, c_for(b, "j", c_int(u, 0), c_int(u, whole), lanes), at, c_name(u, "j"), lanes);
        else if (whole) emit_candidate_start(s, p, b, at, c_int(u, 0), lanes);
        if (whole < width) emit_candidate_start(s, p, b, at, c_int(u, whole), width - whole);
    }
    product_block block = {.rows = s->rows, .chains = 1, .accumulate = true, .column = "j"};
    block.weights = c_add(u, at->weights, c_int(u, pack_bias_floats(p->pack, at->panel)));
    block.width = block.columns = pack_row(p->pack, at->panel);
    block.vectors = (unsigned)smaller(vectors_of(e, block.columns), s->rows == 1 ? 8 : e->target->registers / 8);
    bool several = p->first_term > COST_BLOCK, loops = block.columns >= 2 * block.vectors * lanes;
    c_comment(b, "the first %lld terms of the sums", (long long)p->first_term);
    cexpr *from = several ? c_name(u, "k0") : c_int(u, 0);
    cblock *terms = several ? c_for(b, "k0", c_int(u, 0), c_int(u, p->first_term), COST_BLOCK)
                    : loops && block.columns % (block.vectors * lanes) == 0 ? b
                                                                            : c_scope(b);
    block.terms = (tile_terms){from, c_add(u, from, c_int(u, COST_BLOCK)), COST_BLOCK};
    for (unsigned row = 0; row < s->rows; row++) {
        block.x[row] = p->factor[row];
        block.y[row] = group_of(s, p, at, row, p->group, c_int(u, 0));
    }
    product_emit_block(e, terms, &block);
}

/* All units of a panel; `number` counts vectors, so that unrolled ones have different names. */
static void emit_panel(step *s, const pass *p, cblock *b, const panel_place *at, unsigned *number) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    int64_t lanes = e->target->lanes, units = pack_units(p->pack, at->panel);
    int64_t whole = units / lanes, partial = units % lanes, groups = whole / p->vectors;
    int64_t step_units = p->vectors * lanes, done = 0;
    if (p->first_term > 0) emit_blocks(s, p, b, at);
    if (!p->unroll_units && groups > 1) {
        cblock *loop = c_for(b, "j", c_int(u, 0), c_int(u, groups * step_units), step_units);
        emit_units(s, p, loop, at, c_name(u, "j"), p->vectors, lanes, 0);
        done = groups;
    }
    unsigned rest = (unsigned)(whole - groups * p->vectors) + (partial ? 1 : 0);
    bool alone = p->unroll_units || (groups > 0) + (rest > 0) == 1;
    for (; done < groups; done++) {
        emit_units(s, p, alone ? b : c_scope(b), at, c_int(u, done * step_units), p->vectors, lanes, *number);
        *number += p->vectors;
    }
    if (!rest) return;
    emit_units(s, p, alone ? b : c_scope(b), at, c_int(u, done * step_units), rest, partial ? partial : lanes, *number);
    *number += rest;
}

/* The panel's place: pointers to its weights and to its part of every row of z. */
static panel_place enter_panel(const step *s, const pass *p, cblock *b, int64_t panel, cexpr *index) {
    cunit *u = s->e->unit;
    panel_place at = {.panel = panel, .weights = p->table, .unit = c_mul(u, index, c_int(u, p->pack->panel))};
    bool first = c_is_int(index, NULL) && panel == 0, writes = p->first_term > 0 || p->resets;
    if (!first && !p->unroll_units) {
        c_declare(b, "const float *", "w", c_add(u, p->table, c_mul(u, index, c_int(u, pack_offset(p->pack, 1)))));
        at.weights = c_name(u, "w");
    } else {
        at.weights = c_add(u, p->table, c_int(u, panel * pack_offset(p->pack, 1)));
    }
    for (unsigned row = 0; row < s->rows; row++) {
        at.gates[row] = s->gates[row];
        if (first) continue;
        at.gates[row] =
            arena_printf(s->e->arena, p->unroll_units ? "%s_p%lld" : "%s_p", s->gates[row], (long long)panel);
        cexpr *offset = c_mul(u, index, c_int(u, s->r->cost.columns * p->pack->panel));
        c_declare(b, writes ? "float *" : "const float *", at.gates[row],
                  c_add(u, c_name(u, "%s", s->gates[row]), offset));
    }
    return at;
}

static void emit_pass(step *s, const pass *p) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    int64_t panels = pack_panels(p->pack), full = p->pack->units / p->pack->panel;
    unsigned number = 0;
    if (p->unroll_units) {
        if (p->unroll_terms && s->rows == 1)
            for (int64_t k = 0; k < p->pack->terms; k++)
                c_declare(
                    s->block, arena_printf(e->arena, "const %s", e->target->prefix),
                    arena_printf(e->arena, "%s_%lld", p->factor[0], (long long)k),
                    c_call(u, emit_vector(e, "splat"), 1, c_index(u, c_name(u, "%s", p->factor[0]), c_int(u, k))));
        for (int64_t panel = 0; panel < panels; panel++) {
            panel_place at = enter_panel(s, p, s->block, panel, c_int(u, panel));
            emit_panel(s, p, s->block, &at, &number);
        }
        s->hidden_count = number;
        return;
    }
    if (full > 1) {
        cblock *loop = c_for(s->block, "panel", c_int(u, 0), c_int(u, full), 1);
        panel_place at = enter_panel(s, p, loop, 0, c_name(u, "panel"));
        emit_panel(s, p, loop, &at, &number);
    } else if (full == 1) {
        cblock *scope = panels > 1 ? c_scope(s->block) : s->block;
        panel_place at = enter_panel(s, p, scope, 0, c_int(u, 0));
        emit_panel(s, p, scope, &at, &number);
    }
    if (full == panels) return;
    cblock *scope = full ? c_scope(s->block) : s->block;
    if (full) c_comment(scope, "the last %lld units", (long long)pack_units(p->pack, full));
    panel_place at = enter_panel(s, p, scope, full, c_int(u, full));
    number = 0;
    emit_panel(s, p, scope, &at, &number);
}

/* Vectors and chains by the sizes and the target alone; a tile of rows has fewer vectors, never other chains. What is
 * unrolled changes no sum. */
static pass make_pass(const step *s, const pack *w, cexpr *table) {
    const emit_context *e = s->e;
    pass p = {.pack = w, .table = table, .letters = recurrent_gate_letters(s->r)};
    int64_t panel_vectors = vectors_of(e, smaller(w->units, w->panel)), tiles = 0;
    unsigned wide = (unsigned)smaller(8 / w->gates, panel_vectors);
    while (wide & (wide - 1)) wide--; /* a power of two divides a full panel */
    p.first_term = (w->terms - 1) / COST_BLOCK * COST_BLOCK;
    p.chains = w->gates * wide >= 6 || w->terms - p.first_term < 8 ? 1 : 2;
    p.vectors = s->rows == 1 ? wide : w->gates > 1 ? 1 : (unsigned)smaller(wide, 2);
    for (int64_t i = 0; i < pack_panels(w); i++) tiles += (vectors_of(e, pack_units(w, i)) + p.vectors - 1) / p.vectors;
    int64_t sums = (int64_t)s->rows * w->gates * p.vectors;
    p.unroll_units = p.first_term == 0 && (tiles == 1 || tiles * (3 * sums + 8 * s->rows * p.vectors) <= e->unroll);
    int64_t written = p.unroll_units ? tiles : 2;
    p.unroll_terms = p.first_term == 0 && s->rows == 1 && written * w->terms * sums <= e->unroll;
    return p;
}

/* --- the whole step --- */

static const char *row_name(const step *s, const char *name, unsigned row) {
    return row == 0 ? name : arena_printf(s->e->arena, "%s%u", name, row);
}

/* A stride of rows: its number, or a parameter where it is known only at run time. */
static cexpr *stride_of(step *s, cfunction *f, recurrent_rows which, const char *name) {
    int64_t number;
    cunit *u = s->e->unit;
    if (dim_is_const(recurrent_row_stride(s->r, which), &number)) return c_int(u, number);
    c_parameter(f, "size_t", name);
    return c_name(u, "%s", name);
}

static void name_rows(step *s, const char **names, const char *type, const char *name, cexpr *stride) {
    cunit *u = s->e->unit;
    for (unsigned row = 0; row < s->rows; row++) {
        names[row] = row_name(s, name, row);
        if (row)
            c_declare(s->block, type, names[row], c_add(u, c_name(u, "%s", name), c_mul(u, c_int(u, row), stride)));
    }
}

static void copy_row(const step *s, const char *to, const char *from) {
    cunit *u = s->e->unit;
    cexpr *bytes = c_mul(u, c_name(u, "%s", s->r->projected_constant), c_name(u, "sizeof(float)"));
    c_do(s->block, c_call(u, "memcpy", 3, c_name(u, "%s", to), c_name(u, "%s", from), bytes));
}

/* h from variables to memory, once all sums are done. */
static void store_variables(const step *s) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    int64_t lanes = e->target->lanes, hidden = s->r->cost.hidden;
    for (unsigned row = 0; row < s->rows; row++) {
        /* the narrow last vector of a panel is the last of all: vectors lie one behind the other */
        for (unsigned v = 0; v < s->hidden_count; v++) {
            cexpr *value = c_name(u, "hidden%s", suffix_of(s, row, v));
            int64_t n = smaller(lanes, hidden - v * lanes);
            tile_store_n(e, s->block, c_add(u, c_name(u, "%s", s->h[row]), c_int(u, v * lanes)), value, n);
            if (s->r->has_out)
                tile_store_n(e, s->block, c_add(u, c_name(u, "%s", s->out[row]), c_int(u, v * lanes)), value, n);
        }
    }
}

static void emit_projection(const step *s) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    const recurrent *r = s->r;
    c_comment(s->block, "h = W_hr (o * %s(c)): [%lld] -> [%lld]", ir_activation_name(r->attrs->activation),
              (long long)r->cost.hidden, (long long)r->cost.projected);
    product w = {.pack = r->output,
                 .table = r->output_table,
                 .x = "next",
                 .y = "h",
                 .x_row = c_int(u, r->cost.row),
                 .y_row = s->h_row,
                 .rows = c_int(u, s->rows),
                 .y_columns = 1,
                 .terms_name = r->hidden_constant};
    product_emit(e, s->block, &w);
    for (unsigned row = 0; r->has_out && row < s->rows; row++) copy_row(s, s->out[row], s->h[row]);
}

bool recurrent_emit_step(const recurrent *r, unsigned rows, const char *name) {
    emit_context *e = r->e;
    cunit *u = e->unit;
    step s = {.r = r, .e = e, .rows = rows};
    pass main_pass = make_pass(&s, r->hidden, r->hidden_table);
    main_pass.resets = r->resets_before;
    main_pass.group = r->cost.columns - r->cost.gates;
    s.place = r->projects              ? HIDDEN_IN_NEXT
              : r->resets_before       ? HIDDEN_AT_ONCE
              : main_pass.unroll_units ? HIDDEN_IN_VARIABLES
                                       : HIDDEN_IN_NEXT;
    bool takes_next = r->projects || r->resets_before || s.place == HIDDEN_IN_NEXT;
    bool writes_z = r->resets_before || main_pass.first_term > 0;

    const char *what = rows == 1 ? "one row" : arena_printf(e->arena, "%u rows", rows);
    cfunction *f = c_function(u, emit_static(r->e), name,
                              arena_printf(e->arena,
                                           "%s: one time step of %s. gates holds the input's share; W_hh h is "
                                           "added, and %s updated.",
                                           r->label, what, r->has_cell ? "c and h are" : "h is"));
    s.block = c_body(f);
    c_parameter(f, writes_z ? "float *" : "const float *", "gates");
    c_parameter(f, "float *", "h");
    if (r->has_cell) c_parameter(f, "float *", "c");
    if (r->has_out) c_parameter(f, "float *", "out");
    if (takes_next) c_parameter(f, "float *", "next");
    if (rows > 1) {
        s.h_row = stride_of(&s, f, RECURRENT_H, "h_row");
        if (r->has_cell) s.c_row = stride_of(&s, f, RECURRENT_C, "c_row");
        if (r->has_out) s.out_row = stride_of(&s, f, RECURRENT_OUT, "out_row");
    } else {
        s.h_row = s.c_row = s.out_row = c_int(u, 0);
    }
    name_rows(&s, s.gates, writes_z ? "float *" : "const float *", "gates", c_name(u, "%s", r->row_constant));
    name_rows(&s, s.h, "float *", "h", s.h_row);
    if (r->has_cell) name_rows(&s, s.c, "float *", "c", s.c_row);
    if (r->has_out) name_rows(&s, s.out, "float *", "out", s.out_row);
    if (takes_next) name_rows(&s, s.next, "float *", "next", c_int(u, r->cost.row));

    for (unsigned row = 0; row < rows; row++) main_pass.factor[row] = s.h[row];
    cblock *body = s.block;
    if (r->resets_before) {
        c_comment(body, "r, z = gates + W_hh h; next = r * h, z in its place in gates");
        s.block = c_scope(body);
    }
    emit_pass(&s, &main_pass);
    if (r->resets_before) {
        pass candidate = make_pass(&s, r->candidate, r->candidate_table);
        candidate.letters = "n";
        candidate.group = 2;
        for (unsigned row = 0; row < rows; row++) candidate.factor[row] = s.next[row];
        c_comment(body, "n = gates + W_hn (r * h); h = (1 - z) * n + z * h");
        s.block = c_scope(body);
        emit_pass(&s, &candidate);
        s.block = body;
    }
    if (r->projects) emit_projection(&s);
    else if (s.place == HIDDEN_IN_VARIABLES) store_variables(&s);
    else if (s.place == HIDDEN_IN_NEXT)
        for (unsigned row = 0; row < rows; row++) copy_row(&s, s.h[row], s.next[row]);
    c_function_end(f);
    return takes_next;
}
