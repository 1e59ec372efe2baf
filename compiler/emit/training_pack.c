/* training_pack: see training_pack.h. */
#include "emit/training_pack.h"

/* As plan/pack.c fills a table at compile time, to the same bits: a sum of two floats is rounded once, halves are
 * exact. */
static const char panels[] =
    "/* A matrix [gates * units, terms] in panels of units: a row of biases, those of the gates from bias_from on, "
    "then a row\n"
    " * for each term; zeros fill up. Four bits of order for each group of columns: its gate; a bit of halved: it is\n"
    " * multiplied by 1/2; a bit of lone: it has the first bias alone. */\n"
    "static void %s(float *to, const float *weight, const float *bias, const float *second_bias, size_t units,\n"
    "               size_t terms, size_t panel, size_t padding, unsigned gates, unsigned bias_from, unsigned order,\n"
    "               unsigned halved, unsigned lone) {\n"
    "    for (size_t first = 0; first < units; first += panel) {\n"
    "        const size_t count = units - first < panel ? units - first : panel;\n"
    "        const size_t width = (count + padding - 1) / padding * padding;\n"
    "        for (unsigned g = bias_from; g < gates; g++) {\n"
    "            const size_t row = (order >> 4 * g & 15u) * units + first;\n"
    "            const float scale = (halved >> g & 1u) ? 0.5f : 1.0f;\n"
    "            size_t u = 0;\n"
    "%s"
    "            for (; u < count; u++) {\n"
    "                float sum = bias != NULL ? bias[row + u] : 0.0f;\n"
    "                if (second_bias != NULL && !(lone >> g & 1u)) sum += second_bias[row + u];\n"
    "                to[u] = sum * scale;\n"
    "            }\n"
    "            for (; u < width; u++) to[u] = 0.0f;\n"
    "            to += width;\n"
    "        }\n"
    "        for (size_t block = 0; block < terms; block += 64) {\n"
    "            const size_t end = terms - block < 64 ? terms : block + 64;\n"
    "            for (unsigned g = 0; g < gates; g++) {\n"
    "                const float *from = weight + ((order >> 4 * g & 15u) * units + first) * terms;\n"
    "                const float scale = (halved >> g & 1u) ? 0.5f : 1.0f;\n"
    "                const size_t next = gates * width;\n"
    "                float *column = to + g * width;\n"
    "%s"
    "                for (size_t u = %s; u < width; u++)\n"
    "                    for (size_t k = block; k < end; k++)\n"
    "                        column[k * next + u] = u < count ? from[u * terms + k] * scale : 0.0f;\n"
    "            }\n"
    "        }\n"
    "        to += terms * gates * width;\n"
    "    }\n"
    "}\n";

/* Of panels, where there are vectors: four biases, and four rows of four terms at a time. */
static const char four_biases[] =
    "            for (; bias != NULL && u < count / 4 * 4; u += 4) {\n"
    "                nnc_v4 sum = nnc_v4_load(bias + row + u);\n"
    "                if (second_bias != NULL && !(lone >> g & 1u)) {\n"
    "                    sum = nnc_v4_add(sum, nnc_v4_load(second_bias + row + u));\n"
    "                }\n"
    "                nnc_v4_store(to + u, nnc_v4_mul(sum, nnc_v4_splat(scale)));\n"
    "            }\n";
static const char four_rows[] =
    "                const size_t whole = terms >= 4 ? width / 4 * 4 : 0;\n"
    "                /* four rows by four terms, the last of them once more with those before; rows past "
    "the last are 0 */\n"
    "                const nnc_v4 scales = nnc_v4_splat(scale), none = nnc_v4_zero();\n"
    "                for (size_t u = 0; u < whole; u += 4) {\n"
    "                    const float *row = from + u * terms;\n"
    "                    for (size_t i = block; i < end; i += 4) {\n"
    "                        const size_t k = i + 4 <= end ? i : end - 4;\n"
    "                        nnc_v4 a = u < count ? nnc_v4_load(row + k) : none;\n"
    "                        nnc_v4 b = u + 1 < count ? nnc_v4_load(row + terms + k) : none;\n"
    "                        nnc_v4 c = u + 2 < count ? nnc_v4_load(row + 2 * terms + k) : none;\n"
    "                        nnc_v4 d = u + 3 < count ? nnc_v4_load(row + 3 * terms + k) : none;\n"
    "                        nnc_v4_transpose(&a, &b, &c, &d);\n"
    "                        nnc_v4_store(column + k * next + u, nnc_v4_mul(a, scales));\n"
    "                        nnc_v4_store(column + (k + 1) * next + u, nnc_v4_mul(b, scales));\n"
    "                        nnc_v4_store(column + (k + 2) * next + u, nnc_v4_mul(c, scales));\n"
    "                        nnc_v4_store(column + (k + 3) * next + u, nnc_v4_mul(d, scales));\n"
    "                    }\n"
    "                }\n";

/* The rows of biases alone. */
static const char biases[] =
    "/* Biases [gates * units] of the gates from bias_from on, those of neighbouring units side by side, panel by "
    "panel;\n"
    " * zeros fill up. Four bits of order for each group of columns: its gate; a bit of lone: it has the first bias\n"
    " * alone. */\n"
    "static void %s(float *to, const float *bias, const float *second_bias, size_t units, size_t panel,\n"
    "               size_t padding, unsigned gates, unsigned bias_from, unsigned order, unsigned lone) {\n"
    "    for (size_t first = 0; first < units; first += panel) {\n"
    "        const size_t count = units - first < panel ? units - first : panel;\n"
    "        const size_t width = (count + padding - 1) / padding * padding;\n"
    "        for (unsigned g = bias_from; g < gates; g++) {\n"
    "            const size_t row = (order >> 4 * g & 15u) * units + first;\n"
    "            const float *more = (lone >> g & 1u) ? NULL : second_bias;\n"
    "            size_t u = 0;\n"
    "%s"
    "            for (; u < width; u++) {\n"
    "                float sum = bias != NULL && u < count ? bias[row + u] : 0.0f;\n"
    "                if (more != NULL && u < count) sum += more[row + u];\n"
    "                to[u] = sum;\n"
    "            }\n"
    "            to += width;\n"
    "        }\n"
    "    }\n"
    "}\n";

/* Of these, where there are vectors: four, with two of each gate. */
static const char four_sums[] =
    "            for (; bias != NULL && more != NULL && u < count / 4 * 4; u += 4)\n"
    "                nnc_v4_store(to + u, nnc_v4_add(nnc_v4_load(bias + row + u), nnc_v4_load(more + row + u)));\n";

static const char *panels_function(emit_context *e) {
    cexpr **made = emit_once_in_file(e, "pack_panels");
    if (*made) return c_text(*made);
    const char *name = emit_name(e, "pack_panels");
    bool one_lane = e->target->body->rolled;
    c_top_line(e->unit, panels, name, one_lane ? "" : four_biases, one_lane ? "" : four_rows,
               one_lane ? "0" : "whole");
    *made = c_name(e->unit, name);
    return name;
}

static cexpr *param_of(emit_context *e, const ir_param *p) {
    return p ? emit_param(e, (size_t)(p - e->plan->model->params)) : c_name(e->unit, "NULL");
}

/* param + offset; NULL stays NULL. */
static cexpr *from(emit_context *e, const ir_param *p, int64_t offset) {
    return p ? c_add(e->unit, param_of(e, p), c_int(e->unit, offset)) : param_of(e, p);
}

static const char *biases_function(emit_context *e) {
    cexpr **made = emit_once_in_file(e, "pack_biases");
    if (*made) return c_text(*made);
    const char *name = emit_name(e, "pack_biases");
    c_top_line(e->unit, biases, name, e->target->body->rolled ? "" : four_sums);
    *made = c_name(e->unit, name);
    return name;
}

/* Four bits for each group of columns: its gate; and a bit for those that are halved, or have the first bias alone. */
typedef struct {
    unsigned order, halved, lone;
} group_bits;

static group_bits bits_of(const pack *p) {
    group_bits r = {0, 0, 0};
    for (unsigned g = 0; g < p->gates; g++) {
        r.order |= p->gate[g] << 4 * g;
        r.halved |= (p->scale[g] < 1.0f ? 1u : 0u) << g;
        r.lone |= (p->first_bias_only[g] ? 1u : 0u) << g;
    }
    return r;
}

static cexpr *packs_at(emit_context *e, int64_t offset) { return c_at(e->unit, "self->packs", c_int(e->unit, offset)); }

static void pack_biases_of(emit_context *e, cblock *b, const pack *p, int64_t offset) {
    cunit *u = e->unit;
    group_bits bits = bits_of(p);
    cexpr *const arguments[] = {packs_at(e, offset), from(e, p->bias, 0), from(e, p->second_bias, 0),
                                c_int(u, p->units), c_int(u, p->panel), c_int(u, p->padding), c_int(u, p->gates),
                                c_int(u, p->bias_from), c_int(u, bits.order), c_int(u, bits.lone)};
    c_do(b, c_call_list(u, biases_function(e), sizeof arguments / sizeof *arguments, arguments));
}

static void pack_matrix_of(emit_context *e, cblock *b, const pack *p, int64_t offset) {
    cunit *u = e->unit;
    group_bits bits = bits_of(p);
    for (int64_t m = 0; m < p->matrices; m++) {
        int64_t rows = m * p->gates * p->units;
        cexpr *const arguments[] = {
            packs_at(e, offset + m * pack_matrix(p, PACK_FLOATS)), from(e, p->weight, rows * p->terms),
            from(e, p->apart ? NULL : p->bias, rows), from(e, p->apart ? NULL : p->second_bias, rows),
            c_int(u, p->units), c_int(u, p->terms), c_int(u, p->panel), c_int(u, p->padding), c_int(u, p->gates),
            c_int(u, p->apart ? p->gates : p->bias_from), c_int(u, bits.order), c_int(u, bits.halved),
            c_int(u, bits.lone)};
        c_do(b, c_call_list(u, panels_function(e), sizeof arguments / sizeof *arguments, arguments));
    }
}

/* factor = weight / sqrt(variance + eps), summand = bias - mean * factor: in double where the processor has it, as when
 * nnc makes a table of them. */
static void pack_norm_of(emit_context *e, cblock *b, const pack_norm *n, int64_t offset) {
    cunit *u = e->unit;
    cexpr *c = c_name(u, "c"), *scale = c_name(u, "scale");
    cblock *loop = c_for(b, "c", c_int(u, 0), c_int(u, n->channels), 1);
    for (int wide = 1; wide >= 0; wide--) {
        const char *type = wide ? "double" : "float";
        c_line(loop, wide ? "#if NNC_DOUBLE" : "#else");
        cblock *s = c_scope(loop);
        cexpr *one = wide ? c_double(u, 1) : c_float(u, 1);
        cexpr *eps = wide ? c_double(u, n->eps) : c_float(u, (float)n->eps);
        cexpr *variance = c_index(u, param_of(e, n->variance), c), *mean = c_index(u, param_of(e, n->mean), c);
        cexpr *weight = n->weight ? c_index(u, param_of(e, n->weight), c) : one;
        cexpr *bias = n->bias ? c_index(u, param_of(e, n->bias), c) : wide ? c_double(u, 0) : c_float(u, 0);
        if (wide) {
            variance = c_cast(u, type, variance);
            mean = c_cast(u, type, mean);
            if (n->weight) weight = c_cast(u, type, weight);
            if (n->bias) bias = c_cast(u, type, bias);
        }
        cexpr *root = c_call(u, wide ? "sqrt" : "sqrtf", 1, c_add(u, variance, eps));
        cexpr *shift = c_sub(u, bias, c_mul(u, mean, scale));
        c_declare(s, arena_printf(e->arena, "const %s ", type), "scale", c_binary(u, "/", weight, root));
        c_assign(s, c_item(u, "self->packs", c_add(u, c_int(u, offset), c)), "=",
                 wide ? c_cast(u, "float", scale) : scale);
        c_assign(s, c_item(u, "self->packs", c_add(u, c_int(u, offset + n->channels), c)), "=",
                 wide ? c_cast(u, "float", shift) : shift);
    }
    c_line(loop, "#endif");
}

void training_pack_function(emit_context *e, const emit_api *api) {
    const pack_list *all = e->plan->packs;
    cunit *u = e->unit;
    if (!all->count) return;
    cfunction *f = c_function(u, "static void", arena_printf(e->arena, "%s_pack", api->name),
                              "Parameters as kernels read them; called when they have changed.");
    c_parameter(f, arena_printf(e->arena, "%s *", api->type), "self");
    cblock *b = c_body(f);
    c_declare(b, "const float *", "parameters", c_name(u, "self->parameters"));
    for (size_t i = 0; i < all->count; i++) {
        const listed_pack *p = &all->items[i];
        if (p->matrix && p->part == PACK_BIASES) pack_biases_of(e, b, p->matrix, p->offset);
        else if (p->matrix) pack_matrix_of(e, b, p->matrix, p->offset);
        else pack_norm_of(e, b, &p->norm, p->offset);
    }
    c_function_end(f);
}

void training_pack_call(emit_context *e, cblock *b, const emit_api *api) {
    if (!e->plan->packs->count) return;
    c_do(b, c_call(e->unit, arena_printf(e->arena, "%s_pack", api->name), 1, c_name(e->unit, "self")));
}
