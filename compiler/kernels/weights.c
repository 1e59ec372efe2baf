/* weights: see weights.h. */
#include "kernels/weights.h"
#include "kernels/vectors.h"

/* --- formats, as C has them --- */

typedef struct {
    const char *pointer, *load; /* the runtime's function; NULL: these are not loaded as floats */
    ctable_style style, bits;   /* of small models' tables and of others' */
} format_in_c;

static const format_in_c formats[FORMATS] = {
    [FORMAT_FLOAT32] = {"const float *", "load", CTABLE_DECIMAL, CTABLE_BITS},
    [FORMAT_FLOAT16] = {"const uint16_t *", "load_f16", CTABLE_U16, CTABLE_U16_BITS},
    [FORMAT_BFLOAT16] = {"const uint16_t *", "load_bf16", CTABLE_U16, CTABLE_U16_BITS},
    [FORMAT_INT16] = {"const int16_t *", "load_i16", CTABLE_I16, CTABLE_I16_BITS},
    [FORMAT_INT8] = {"const uint8_t *", NULL, CTABLE_U8, CTABLE_U8_BITS},
};

const char *weights_pointer(weight_format f) { return formats[f].pointer; }

cexpr *weights_load(emit_context *e, weight_format f, cexpr *address) {
    if (!formats[f].load) ice("weights of %s are no vector of floats", format_row_of(f)->name);
    return vectors_call1(e, formats[f].load, address);
}

static const char *scales_pointer(const pack *p) {
    return weights_pointer(format_row_of(p->format)->block_scales ? FORMAT_BFLOAT16 : FORMAT_FLOAT32);
}

/* --- tables --- */

/* Values that are in the struct are no table's. */
static size_t tensor_of(emit_context *e, const ir_param *p) { return p && ir_param_lives(p) ? 0 : emit_tensor(e, p); }

/* What of a pack decides about its values. */
static const char *pack_key(emit_context *e, const pack *p) {
    text t = text_new(e->arena);
    text_printf(&t, "pack %zu %zu %zu %lld %lld %lld %lld %u %lld %lld %s%s", tensor_of(e, p->weight),
                tensor_of(e, p->bias), tensor_of(e, p->second_bias), (long long)p->units, (long long)p->terms,
                (long long)p->panel, (long long)p->matrices, p->bias_from, (long long)p->padding, (long long)p->tail,
                format_row_of(p->format)->name, p->apart ? " apart" : "");
    for (unsigned g = 0; g < p->gates; g++)
        text_printf(&t, ", %u %a %d", p->gate[g], (double)p->scale[g], p->first_bias_only[g]);
    return text_string(&t);
}

static cexpr *code_table(emit_context *e, const pack *p, pack_part part, const format_in_c *f, const char *name,
                         const char *comment) {
    static ctable_fill *const fills[] = {pack_fill_floats, pack_fill_codes, pack_fill_scales, pack_fill_biases};
    size_t elements = (size_t)pack_elements(p, part);
    bool small = e->tables == CTABLE_DECIMAL;
    if (!elements) return NULL;
    if (f->style == CTABLE_DECIMAL) return emit_table(e, name, elements, pack_finite(p, part), fills[part], p, comment);
    return c_weights(e->unit, emit_name(e, "%s", name), elements, small ? f->style : f->bits, fills[part],
                     (void *)(uintptr_t)p, comment);
}

/* A part that is in the struct; NULL: it is not, or there is none. */
static cexpr *living_part(emit_context *e, const pack *p, pack_part part) {
    if (!pack_elements(p, part)) return NULL;
    pack_place place = pack_list_place(e->plan->packs, p, part);
    if (place.home == PACK_IN_TABLE) return NULL;
    if (place.offset < 0) ice("a pack of %s that is not in the list", p->weight->key);
    const char *array = place.home == PACK_IN_PARAMETERS ? "parameters" : "packs";
    return c_at(e->unit, array, c_int(e->unit, place.offset));
}

weight_tables weights_table(emit_context *e, const pack *p, const char *name, const char *comment) {
    cexpr *matrix = living_part(e, p, PACK_FLOATS), *living_biases = living_part(e, p, PACK_BIASES);
    const char *key = pack_key(e, p), *format = format_row_of(p->format)->name;
    cexpr **codes = emit_once_in_file(e, "%s", key), **scales = emit_once_in_file(e, "scales of %s", key);
    cexpr **biases = emit_once_in_file(e, "biases of %s", key);
    const format_in_c *in_c = &formats[p->format], *floats = &formats[FORMAT_FLOAT32];
    const char *biases_name = arena_printf(e->arena, "%s_biases", name);
    bool one_table = p->format == FORMAT_FLOAT32 && !p->apart;
    if (!*biases && !one_table && !living_biases)
        *biases = code_table(e, p, PACK_BIASES, floats, biases_name, "biases, in the order of the weights below");
    if (!*codes && !matrix && p->format == FORMAT_FLOAT32)
        *codes = code_table(e, p, PACK_FLOATS, floats, name, comment);
    if (!*codes && !matrix) {
        bool blocks = format_row_of(p->format)->block_scales;
        *scales = code_table(e, p, PACK_SCALES, blocks ? &formats[FORMAT_BFLOAT16] : floats,
                             arena_printf(e->arena, "%s_scales", name),
                             blocks ? "scales of 32 weights each, as bfloat16, in the order of the weights below"
                                    : "scales of rows, in the order of the weights below");
        *codes = code_table(e, p, PACK_CODES, in_c, name,
                            arena_printf(e->arena, "%s; as %s%s", comment, format, blocks ? ", plus 128" : ""));
    }
    return (weight_tables){p, matrix ? matrix : *codes, *scales, living_biases ? living_biases : *biases};
}

weight_tables weights_of_linear(emit_context *e, const pack *w, const char *label) {
    return weights_table(e, w, arena_printf(e->arena, "%s_weights", label),
                         arena_printf(e->arena, "%s: %s [%lld, %lld], %s", label,
                                      w->bias ? "bias and weight" : "weight", (long long)w->units,
                                      (long long)w->terms, pack_order(e->arena, w, "output")));
}

/* --- functions --- */

static cexpr *pass(emit_context *e, csignature *s, cexpr *table, const char *type, const char *name) {
    if (!table) return NULL;
    c_pass(s, type, name, table);
    return c_name(e->unit, name);
}

weight_tables weights_pass(emit_context *e, csignature *s, const weight_tables *w, const char *name) {
    weight_tables r = {.pack = w->pack};
    r.codes = pass(e, s, w->codes, weights_pointer(w->pack->format), name);
    r.scales = pass(e, s, w->scales, scales_pointer(w->pack), arena_printf(e->arena, "%s_scales", name));
    r.biases = pass(e, s, w->biases, "const float *", arena_printf(e->arena, "%s_biases", name));
    return r;
}

/* --- places --- */

static pack_part part_of_codes(const pack *p) { return p->format == FORMAT_FLOAT32 ? PACK_FLOATS : PACK_CODES; }

static cexpr *moved(emit_context *e, cexpr *table, cexpr *index, int64_t elements) {
    return table ? c_add(e->unit, table, c_mul(e->unit, index, c_int(e->unit, elements))) : NULL;
}

weight_tables weights_at_matrix(emit_context *e, const weight_tables *w, cexpr *index) {
    const pack *p = w->pack;
    return (weight_tables){p, moved(e, w->codes, index, pack_matrix(p, part_of_codes(p))),
                     moved(e, w->scales, index, pack_matrix(p, PACK_SCALES)),
                     moved(e, w->biases, index, pack_matrix(p, PACK_BIASES))};
}

static cexpr *declared(emit_context *e, cblock *b, const char *type, const char *name, cexpr *value) {
    if (!value) return NULL;
    c_declare(b, type, name, value);
    return c_name(e->unit, name);
}

weight_tables weights_at_panel(emit_context *e, cblock *b, const weight_tables *w, const char *name, cexpr *index) {
    const pack *p = w->pack;
    weight_tables r = {p, moved(e, w->codes, index, pack_offset(p, 1, part_of_codes(p))),
                 moved(e, w->scales, index, pack_offset(p, 1, PACK_SCALES)),
                 moved(e, w->biases, index, pack_offset(p, 1, PACK_BIASES))};
    if (!name) return r;
    r.codes = declared(e, b, weights_pointer(p->format), name, r.codes);
    r.scales = declared(e, b, scales_pointer(p), arena_printf(e->arena, "%s_s", name), r.scales);
    r.biases = declared(e, b, "const float *", arena_printf(e->arena, "%s_b", name), r.biases);
    return r;
}

int64_t weights_column(const pack *p, pack_part part, int64_t panels, int64_t within) {
    if (part == PACK_CODES && p->format == FORMAT_FLOAT32) part = PACK_FLOATS;
    return panels * pack_offset(p, 1, part) + within * (part == PACK_CODES ? format_row_of(p->format)->side : 1);
}

weight_tables weights_at_column(emit_context *e, const weight_tables *w, cexpr *j) {
    cunit *u = e->unit;
    weight_tables r = *w;
    r.codes = c_add(u, w->codes, c_mul(u, j, c_int(u, format_row_of(w->pack->format)->side)));
    if (w->scales) r.scales = c_add(u, w->scales, j);
    if (w->biases) r.biases = c_add(u, w->biases, j);
    return r;
}

weight_tables weights_rows(emit_context *e, const weight_tables *w, int64_t panel) {
    weight_tables r = *w;
    if (pack_part_of_biases(w->pack) == PACK_BIASES) return r;
    if (w->pack->bias_from < w->pack->gates) r.biases = w->codes;
    r.codes = c_add(e->unit, w->codes, c_int(e->unit, pack_bias_floats(w->pack, panel)));
    return r;
}
