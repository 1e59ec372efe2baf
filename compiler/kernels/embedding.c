/* embedding: EMBEDDING, rows of a table. Those that lie densely on both sides go through memcpy. */
#include <math.h>

#include "kernels/nest.h"
#include "kernels/weights.h"

/* A copy of the table with the rows scaled down whose norm is over max_norm, as torch does it when they are looked up.
 */
typedef struct {
    const float *data;
    size_t rows, width;
    double max_norm, norm_type;
} normed_table;

static double row_norm(const normed_table *t, const float *row) {
    double sum = 0, largest = 0, smallest = INFINITY;
    for (size_t i = 0; i < t->width; i++) {
        double magnitude = fabs((double)row[i]);
        if (isnan(magnitude)) return magnitude;
        sum += t->norm_type == 0 ? magnitude != 0 : pow(magnitude, t->norm_type);
        largest = fmax(largest, magnitude);
        smallest = fmin(smallest, magnitude);
    }
    if (isinf(t->norm_type)) return t->norm_type > 0 ? largest : smallest;
    return t->norm_type == 0 ? sum : pow(sum, 1 / t->norm_type);
}

static void fill_normed(void *context, float *values) {
    const normed_table *t = context;
    for (size_t r = 0; r < t->rows; r++) {
        const float *row = t->data + r * t->width;
        double norm = row_norm(t, row), scale = norm > t->max_norm ? t->max_norm / (norm + 1e-7) : 1;
        for (size_t i = 0; i < t->width; i++) *values++ = (float)((double)row[i] * scale);
    }
}

/* The table as float32 has it: the param, or with rows scaled down. */
static const float *embedding_rows(emit_context *e, const plan_kernel *k, const normed_table **normed) {
    size_t param = k->inputs[1].param;
    const ir_attrs *a = &k->node->attrs;
    const ir_param *p = &e->plan->model->params[param];
    if (!a->has_max_norm) return emit_param_data(e, param);
    normed_table *t = ARENA_NEW(e->arena, normed_table);
    *t = (normed_table){emit_param_data(e, param), (size_t)dim_max(p->type.dims[0]), (size_t)dim_max(p->type.dims[1]),
                        a->max_norm, a->norm_type};
    *normed = t;
    return NULL;
}

static cexpr *embedding_table(emit_context *e, const plan_kernel *k) {
    size_t param = k->inputs[1].param;
    const ir_attrs *a = &k->node->attrs;
    const ir_param *p = &e->plan->model->params[param];
    if (!a->has_max_norm || ir_param_lives(p)) return emit_param(e, param);
    cexpr **made = emit_once_in_file(e, "max_norm %zu %a %a", emit_tensor(e, p), a->max_norm, a->norm_type);
    if (*made) return *made;
    const normed_table *t = NULL;
    embedding_rows(e, k, &t);
    bool finite = true;
    for (size_t i = 0; i < t->rows * t->width && finite; i++) finite = isfinite(t->data[i]);
    const char *comment = arena_printf(e->arena, "%s %s, rows with a norm over %g scaled down to it", p->key,
                                       ir_shape_string(e->arena, &p->type), a->max_norm);
    return *made = emit_table(e, arena_printf(e->arena, "%s_max_norm", p->key), t->rows * t->width, finite, fill_normed,
                              (void *)(uintptr_t)t, comment);
}

/* As codes: packed as a matrix whose panels are single rows. */
static weight_tables embedding_codes(emit_context *e, const plan_kernel *k, weight_format format) {
    const ir_param *p = &e->plan->model->params[k->inputs[1].param];
    const ir_attrs *a = &k->node->attrs;
    const normed_table *normed = NULL;
    ir_param *rows = ARENA_NEW(e->arena, ir_param);
    *rows = *p;
    rows->data = embedding_rows(e, k, &normed);
    if (normed) {
        float *data = ARENA_ARRAY(e->arena, float, normed->rows * normed->width);
        fill_normed((void *)(uintptr_t)normed, data);
        rows->data = data;
        rows->key = arena_printf(e->arena, "%s_max_norm", p->key);
    }
    pack *w = ARENA_NEW(e->arena, pack);
    *w = (pack){.format = format,
                .units = dim_max(p->type.dims[0]),
                .terms = dim_max(p->type.dims[1]),
                .panel = 1,
                .matrices = 1,
                .gates = 1,
                .scale = {1.0f},
                .bias_from = 1,
                .weight = rows,
                .padding = 1};
    const char *comment = arena_printf(e->arena, "%s %s", p->key, ir_shape_string(e->arena, &p->type));
    if (normed)
        comment = arena_printf(e->arena, "%s, rows with a norm over %g scaled down to it", comment, a->max_norm);
    return weights_table(e, w, rows->key, comment);
}

/* Where a row goes: y[offset + d * stride] for d < width. */
typedef struct {
    cblock *block;
    const char *y;
    cexpr *offset;
    const dim *width, *stride;
} row_target;

/* y's element d, and to->block the loop over d. */
static cexpr *each_element(emit_context *e, row_target *to, cexpr **d) {
    cunit *u = e->unit;
    to->block = c_for(to->block, "d", c_int(u, 0), emit_dim(e, to->width), 1);
    *d = c_name(u, "d");
    return c_item(u, to->y, c_add(u, to->offset, c_mul(u, *d, emit_dim(e, to->stride))));
}

/* Floats of biases before a panel's first term, a row of the panel wide, or none. */
static bool has_biases(const pack *w) { return pack_part_of_biases(w) == PACK_FLOATS && w->bias_from == 0; }

/* Where a row is that is a unit of packed weights: its first code and scale, and the codes from one unit's to the next
 * one's of the same terms; so far apart are scales, too. */
typedef struct {
    cexpr *codes, *scales, *width;
} packed_row;

static packed_row row_of_unit(emit_context *e, cblock *b, const weight_tables *table, cexpr *id) {
    cunit *u = e->unit;
    const pack *w = table->pack;
    int64_t last = pack_panels(w) - 1, full = pack_width(w, 0), narrow = pack_width(w, last);
    weight_tables at = *table;
    cexpr *width = c_int(u, full), *panel = c_int(u, w->panel);
    if (w->panel > 1) {
        c_declare(b, "const size_t", "id", id);
        id = c_name(u, "id");
    }
    if (narrow != full) {
        cexpr *is_full = c_binary(u, "<", id, c_int(u, last * w->panel));
        c_declare(b, "const size_t", "width", c_conditional(u, is_full, width, c_int(u, narrow)));
        width = c_name(u, "width");
    }
    if (last) at = weights_at_panel(e, b, &at, NULL, w->panel > 1 ? c_binary(u, "/", id, panel) : id);
    if (has_biases(w)) at.codes = c_add(u, at.codes, width);
    if (w->panel > 1) at = weights_at_column(e, &at, last ? c_binary(u, "%", id, panel) : id);
    return (packed_row){at.codes, at.scales, width};
}

/* A row of codes, which a function of the runtime turns into floats. */
static void emit_coded_row(emit_context *e, const weight_tables *table, cexpr *id, row_target to) {
    static const char *const functions[FORMATS] = {[FORMAT_FLOAT16] = "nnc_row_f16",
                                                   [FORMAT_BFLOAT16] = "nnc_row_bf16",
                                                   [FORMAT_INT16] = "nnc_row_i16",
                                                   [FORMAT_INT8] = "nnc_row_i8"};
    cunit *u = e->unit;
    const pack *w = table->pack;
    const format_row *format = format_row_of(w->format);
    packed_row row = row_of_unit(e, to.block, table, id);
    cexpr *step = c_mul(u, row.width, c_int(u, format->side));
    cexpr *arguments[] = {c_at(u, to.y, to.offset), emit_dim(e, to.stride), row.codes, step, c_int(u, w->terms),
                          row.scales, row.width};
    c_do(to.block, c_call_list(u, functions[w->format], format->block_scales ? 7 : row.scales ? 6 : 5, arguments));
}

/* A row of floats in a panel of several. */
static void emit_packed_row(emit_context *e, const weight_tables *table, cexpr *id, row_target to) {
    cunit *u = e->unit;
    packed_row row = row_of_unit(e, to.block, table, id);
    cexpr *d;
    c_declare(to.block, "const float *", "row", row.codes);
    cexpr *element = each_element(e, &to, &d);
    c_assign(to.block, element, "=", c_item(u, "row", c_mul(u, d, row.width)));
}

/* A row that is trained, scaled down as it is read where its norm is over max_norm. */
static void emit_scaled_row(emit_context *e, const ir_attrs *attrs, cexpr *row, row_target to) {
    cunit *u = e->unit;
    cexpr *d;
    c_declare(to.block, "const float *", "row", row);
    c_declare(to.block, "const float ", "scale",
              emit_row_scale(e, c_name(u, "row"), emit_dim(e, to.width), attrs));
    cexpr *element = each_element(e, &to, &d);
    c_assign(to.block, element, "=", c_mul(u, c_item(u, "row", d), c_name(u, "scale")));
}

/* A row as it lies in the table. */
static void emit_row(emit_context *e, cexpr *table, cexpr *row, row_target to) {
    cunit *u = e->unit;
    cexpr *d;
    if (dim_is(to.width, 1)) {
        c_assign(to.block, c_item(u, to.y, to.offset), "=", c_index(u, table, row));
    } else if (dim_is(to.stride, 1)) {
        cexpr *bytes = emit_bytes(e, emit_dim(e, to.width), IR_F32);
        c_do(to.block, c_call(u, "memcpy", 3, c_at(u, to.y, to.offset), c_add(u, table, row), bytes));
    } else {
        c_declare(to.block, "const float *", "row", c_add(u, table, row));
        cexpr *element = each_element(e, &to, &d);
        c_assign(to.block, element, "=", c_item(u, "row", d));
    }
}

void emit_embedding(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const plan_operand *ids = &k->inputs[0], *y = &k->results[0];
    const ir_param *param = &e->plan->model->params[k->inputs[1].param];
    const ir_attrs *attrs = &k->node->attrs;
    unsigned rank = ids->view.type.rank;
    weight_format format = format_choose(k->node, param);
    const choice_embedding *tied = &emit_choice(e, k)->embedding;
    nest *n = nest_new(e, &ids->view.type, NEST_ALL_AXES);
    unsigned from = nest_add(n, &ids->view), to = nest_add_strides(n, y->view.strides);
    nest_close(n, 0);
    row_target target = {nest_loops(n, c_body(f), n->rank), y->name, nest_offset(n, to, n->rank),
                         y->view.type.dims[rank], y->view.strides[rank]};
    cexpr *id = c_cast(u, "size_t", nest_element(n, from, ids->name));
    if (format != FORMAT_FLOAT32) {
        weight_tables codes = tied->linear ? weights_of_linear(e, tied->pack, tied->linear->label)
                                           : embedding_codes(e, k, format);
        emit_coded_row(e, &codes, id, target);
    } else if (tied->linear) {
        weight_tables panels = weights_of_linear(e, tied->pack, tied->linear->label);
        if (tied->pack->panel > 1) emit_packed_row(e, &panels, id, target);
        else emit_row(e, row_of_unit(e, target.block, &panels, id).codes, c_int(u, 0), target);
    } else {
        cexpr *table = embedding_table(e, k), *row = c_mul(u, id, emit_dim(e, target.width));
        if (attrs->has_max_norm && ir_param_lives(param)) emit_scaled_row(e, attrs, c_add(u, table, row), target);
        else emit_row(e, table, row, target);
    }
}
