/* training_map: from the order in which callers see parameters and gradients, row-major by keys, to
 * the places where they lie in the struct's arrays. */
#include "emit/training_parts.h"

/* plan/pack.h says the same of a matrix without biases. */
static const char in_panels[] =
    "/* Where element i of a matrix [gates * units, terms] lies in panels of units: a row for each term, in which the\n"
    " * gates' columns stand side by side. Four bits of order for each group of columns: its gate. */\n"
    "static size_t %s(size_t i, size_t units, size_t terms, size_t panel, size_t padding, size_t gates,\n"
    "               unsigned order) {\n"
    "    const size_t row = i / terms, unit = row %% units, first = unit / panel * panel;\n"
    "    const size_t count = units - first < panel ? units - first : panel;\n"
    "    const size_t width = (count + padding - 1) / padding * padding;\n"
    "    size_t group = 0;\n"
    "    while (group + 1 < gates && (order >> 4 * group & 15u) != row / units) group++;\n"
    "    return first * gates * terms + (i %% terms * gates + group) * width + unit - first;\n"
    "}\n";

static const char *in_panels_function(const training *t) {
    cexpr **made = emit_once_in_file(t->e, "in_panels");
    if (*made) return c_text(*made);
    const char *name = emit_name(t->e, "in_panels");
    c_top_line(t->u, in_panels, name);
    *made = c_name(t->u, name);
    return name;
}

static const char *map_name(const training *t) {
    cexpr **made = emit_once(t->e, "the map of parameters");
    if (!*made) *made = c_name(t->u, emit_name(t->e, "place"));
    return c_text(*made);
}

static cexpr *moved(const training *t, cexpr *i, int64_t by) {
    return by < 0 ? c_sub(t->u, i, c_int(t->u, -by)) : c_add(t->u, i, c_int(t->u, by));
}

static cexpr *place_in(const training *t, const ir_param *param, const param_place *place, cexpr *i) {
    cunit *u = t->u;
    if (!place->packed) return moved(t, i, place->offset - param->offset);
    const pack *p = place->packed;
    unsigned order = 0;
    for (unsigned g = 0; g < p->gates; g++) order |= p->gate[g] << 4 * g;
    cexpr *inside = c_call(u, in_panels_function(t), 7, moved(t, i, -param->offset), c_int(u, p->units),
                           c_int(u, p->terms), c_int(u, p->panel), c_int(u, p->padding), c_int(u, p->gates),
                           c_int(u, order));
    return c_add(u, c_int(u, place->offset), inside);
}

/* Neighbours that lie row-major one behind the other are one case. */
void training_map_function(const training *t) {
    cunit *u = t->u;
    if (t->in_order) return;
    size_t count;
    const ir_param **all = ir_living_params(t->e->arena, t->model, &count);
    for (size_t i = 0; i < count; i++)
        if (training_place_of(t, all[i])->packed) in_panels_function(t);
    cfunction *f =
        c_function(u, "static size_t", map_name(t),
                   "Where parameter i, row-major and in the order of the keys, lies in the struct's arrays.");
    c_parameter(f, "size_t", "i");
    cblock *b = c_body(f);
    cexpr *i = c_name(u, "i");
    for (size_t k = 0; k < count; k++) {
        const param_place *place = training_place_of(t, all[k]);
        const param_place *next = k + 1 < count ? training_place_of(t, all[k + 1]) : NULL;
        int64_t end = all[k]->offset + ir_param_elements(all[k]);
        cexpr *where = place_in(t, all[k], place, i);
        if (!next) c_return(b, where);
        else if (place->packed || next->packed || next->offset - place->offset != end - all[k]->offset)
            c_return(c_if(b, c_binary(u, "<", i, c_int(u, end))), where);
    }
    c_function_end(f);
}

cexpr *training_map(const training *t, cexpr *i) { return t->in_order ? i : c_call(t->u, map_name(t), 1, i); }

cexpr *training_at(const training *t, const char *member, cexpr *i) {
    return training_element(t, member, training_map(t, i));
}

cblock *training_for_each(const training *t, cblock *b) {
    return c_for(b, "i", c_int(t->u, 0), c_namef(t->u, "%s_PARAM_FLOATS", t->api->upper), 1);
}
