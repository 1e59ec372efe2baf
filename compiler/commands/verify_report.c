/* verify_report: what verify says. A user reads it before shipping: verdict last, where a terminal
 * ends. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "commands/verify.h"
#include "support/table.h"

static bool is_good(const verified *v, const verified_output *o) {
    for (int b = 0; b < v->bodies; b++)
        if (!(o->bodies[b].largest <= o->allowed)) return false;
    return true;
}

bool verified_is_good(const verified *v) {
    bool any = v->model->output_count == 0;
    for (size_t i = 0; i < v->model->output_count; i++) {
        if (!is_good(v, &v->outputs[i])) return false;
        any = any || v->outputs[i].bodies[0].count;
    }
    return any;
}

/* --- words --- */

static const char *number(arena *a, double x) { return x == 0 ? "0" : arena_printf(a, "%.2g", x); }

/* "[3, 0]": an element of a tensor of this type, at a run's sizes. */
static const char *element_at(const verified *v, arena *a, const ir_type *type,
                              const error_stats *s) {
    const int64_t *dims = v->runs->dims[s->run];
    const char *at = "";
    size_t rest = s->index;
    for (unsigned i = type->rank; i-- > 0;) {
        size_t size = (size_t)ir_dim_at(v->model, type->dims[i], dims);
        at = arena_printf(a, "%zu%s%s", rest % size, *at ? ", " : "", at);
        rest /= size;
    }
    return *at ? arena_printf(a, "[%s]", at) : "";
}

static const char *dims_at(const verified *v, arena *a, size_t run) {
    text t = text_new(a);
    for (size_t i = 0; i < v->model->symbol_count; i++)
        text_printf(&t, ", %s=%" PRId64, dim_symbol_name(v->model->symbols[i]),
                    v->runs->dims[run][i]);
    return text_string(&t);
}

static const char *place_of(const verified *v, arena *a, const ir_type *type,
                            const error_stats *s) {
    if (!(s->largest > 0)) return "";
    return arena_printf(a, "%s%sin run %zu%s: %.9g, not %.9g", element_at(v, a, type, s),
                        type->rank ? " " : "", s->run, dims_at(v, a, s->run), s->got, s->want);
}

/* --- as text --- */

static void print_head(const verified *v, text *to) {
    const ir_model *m = v->model;
    text_printf(to, "model %s, %zu run%s", m->name, v->runs->count, v->runs->count == 1 ? "" : "s");
    if (m->state_count) text_add(to, v->runs->count > 1 ? " in a row, the states kept" : "");
    if (!v->runs->fed) text_printf(to, ", random inputs (--random %" PRIu64 ")", v->seed);
    for (size_t i = 0; i < m->symbol_count; i++) {
        int64_t low = INT64_MAX, high = 0;
        for (size_t k = 0; k < v->runs->count; k++) {
            int64_t d = v->runs->dims[k][i];
            low = d < low ? d : low;
            high = d > high ? d : high;
        }
        text_printf(to, low == high ? ", %s=%" PRId64 : ", %s from %" PRId64 " to %" PRId64,
                    dim_symbol_name(m->symbols[i]), low, high);
    }
    text_add(to, "\n");
    if (v->runs->count < v->runs->wanted)
        text_printf(to, "(%zu would take the interpreter long; --steps %zu does them all)\n",
                    v->runs->wanted, v->runs->wanted);
}

static void output_row(const verified *v, arena *a, table *t, const verified_output *o,
                       const char *who, const error_stats *s, bool first, const char *verdict) {
    table_row(t, first ? o->name : "", first ? ir_type_string(a, o->type) : "", who,
              number(a, s->largest), verdict, number(a, error_rms(s)), number(a, s->ulp),
              place_of(v, a, o->type, s));
}

static void print_outputs(const verified *v, arena *a, text *to) {
    table t = table_new(a, "lllrlrrl");
    table_row(&t, "output", "", "", "largest", "", "rms", "ulp", "where");
    for (size_t i = 0; i < v->model->output_count; i++) {
        const verified_output *o = &v->outputs[i];
        for (int b = 0; b < v->bodies; b++)
            output_row(v, a, &t, o, v->body_names[b], &o->bodies[b], b == 0,
                       o->bodies[b].largest <= o->allowed ? "good" : "TOO LARGE");
        if (o->expected) output_row(v, a, &t, o, "float64", &o->reference, false, "");
        output_row(v, a, &t, o, "plain float32", &o->plain, false,
                   arena_printf(a, "allowed: %s", number(a, o->allowed)));
        if (v->is_narrow) output_row(v, a, &t, o, "own weights", &o->own, false, "");
    }
    table_print(&t, to);
}

static void print_values(const verified *v, const source *s, arena *a, text *to) {
    if (!v->value_count) return;
    table t = table_new(a, "lllrrrrl");
    text_printf(to, "\nOn the way, by the file's names (%s):\n", v->body_names[v->bodies - 1]);
    table_row(&t, "value", "", "line", "largest", "plain float32", "rms", "ulp", "where");
    for (size_t i = 0; i < v->value_count; i++) {
        const verified_value *x = &v->values[i];
        table_row(&t, x->of.name, ir_type_string(a, x->of.type),
                  arena_printf(a, "%zu", source_place_of(s, x->of.where.begin).line),
                  number(a, x->code.largest), number(a, x->plain.largest),
                  number(a, error_rms(&x->code)), number(a, x->code.ulp),
                  place_of(v, a, x->of.type, &x->code));
    }
    table_print(&t, to);
    if (!v->same_bits)
        text_add(to,
                 "(They come from code that gives them as outputs too; it may differ in the last "
                 "bits.)\n");
}

/* Largest of all bodies. */
static double quarter_of(const verified *v, const verified_output *o, int q) {
    double largest = 0;
    for (int b = 0; b < v->bodies; b++) largest = fmax(largest, o->bodies[b].quarters[q]);
    return largest;
}

static bool has_quarters(const verified *v) {
    return v->model->state_count && v->runs->count >= 2 * QUARTERS;
}

static void print_quarters(const verified *v, arena *a, text *to) {
    const char *heads[QUARTERS];
    size_t runs = v->runs->count;
    if (!has_quarters(v)) return;
    table t = table_new(a, "lrrrr");
    for (size_t q = 0; q < QUARTERS; q++)
        heads[q] = arena_printf(a, "%zu-%zu", (runs * q + QUARTERS - 1) / QUARTERS,
                                (runs * (q + 1) + QUARTERS - 1) / QUARTERS - 1);
    text_add(to, "\nAs the states go on, largest in runs:\n");
    table_row(&t, "output", heads[0], heads[1], heads[2], heads[3]);
    for (size_t i = 0; i < v->model->output_count; i++) {
        const verified_output *o = &v->outputs[i];
        table_row(&t, o->name, number(a, quarter_of(v, o, 0)), number(a, quarter_of(v, o, 1)),
                  number(a, quarter_of(v, o, 2)), number(a, quarter_of(v, o, 3)));
    }
    table_print(&t, to);
}

static void print_verdict(const verified *v, text *to) {
    size_t bad = 0;
    for (size_t i = 0; i < v->model->output_count; i++) bad += !is_good(v, &v->outputs[i]);
    if (v->refused)
        text_printf(to, "\n%zu runs had inputs out of range and were refused.\n", v->refused);
    if (v->undecided)
        text_printf(to,
                    "\n%zu runs were left out, the first is run %zu: an argmax, a topk or a "
                    "comparison was so close that\n"
                    "float32 decides it otherwise.\n",
                    v->undecided, v->first_undecided);
    if (v->refused + v->undecided == v->runs->count) {
        text_add(to, "\nNothing could be compared: give inputs, with -i.\n");
        return;
    }
    text_add(to, "\n");
    if (!bad)
        text_printf(to, "Good: every output is within %s.\n",
                    v->max_error >= 0 ? "--max-error" : "what nnc promises");
    else
        text_printf(to,
                    "NOT GOOD: %zu of %zu outputs are further from what is wanted than allowed.\n",
                    bad, v->model->output_count);
}

void verify_print(const verified *v, const source *s, arena *a, text *to) {
    print_head(v, to);
    text_add(to,
             "An error is |got - wanted| / (1 + |wanted|); wanted is what the file says, in "
             "float64.\n\n");
    print_outputs(v, a, to);
    if (v->is_narrow)
        text_printf(to,
                    "\nWanted is with weights as the C keeps them. The rows \"own weights\" compare %s with the\n"
                    "file's own: what keeping them in fewer bits costs.\n",
                    v->body_names[v->bodies - 1]);
    print_values(v, s, a, to);
    print_quarters(v, a, to);
    print_verdict(v, to);
}

/* --- as JSON --- */

/* JSON has no infinity. */
static json_t *json_number(double x) {
    return isfinite(x) ? json_real(x) : json_string(isnan(x) ? "nan" : x > 0 ? "inf" : "-inf");
}

static json_t *json_stats(const verified *v, const ir_type *type, const error_stats *s) {
    json_t *at = json_array(), *dims = json_object(), *quarters = json_array();
    const int64_t *sizes = v->runs->dims[s->run];
    size_t rest = s->index;
    for (unsigned i = type->rank; i-- > 0;) {
        size_t size = (size_t)ir_dim_at(v->model, type->dims[i], sizes);
        json_array_insert_new(at, 0, json_integer((json_int_t)(rest % size)));
        rest /= size;
    }
    for (size_t i = 0; i < v->model->symbol_count; i++)
        json_object_set_new(dims, dim_symbol_name(v->model->symbols[i]), json_integer(sizes[i]));
    for (int q = 0; q < QUARTERS; q++) json_array_append_new(quarters, json_number(s->quarters[q]));
    return json_pack("{so so so sI sI so so so so so}", "largest", json_number(s->largest), "rms",
                     json_number(error_rms(s)), "ulp", json_number(s->ulp), "elements",
                     (json_int_t)s->count, "run", (json_int_t)s->run, "at", at, "dims", dims, "got",
                     json_number(s->got), "want", json_number(s->want), "quarters", quarters);
}

static json_t *json_output(const verified *v, arena *a, const verified_output *o) {
    json_t *bodies = json_object();
    for (int b = 0; b < v->bodies; b++)
        json_object_set_new(bodies, v->body_names[b], json_stats(v, o->type, &o->bodies[b]));
    json_t *made =
        json_pack("{ss ss so sb so so}", "name", o->name, "type", ir_type_string(a, o->type),
                  "allowed", json_number(o->allowed), "good", is_good(v, o), "bodies", bodies,
                  "plain_float32", json_stats(v, o->type, &o->plain));
    if (v->is_narrow) json_object_set_new(made, "own_weights", json_stats(v, o->type, &o->own));
    if (o->expected) json_object_set_new(made, "float64", json_stats(v, o->type, &o->reference));
    return made;
}

void verify_print_json(const verified *v, arena *a, text *to) {
    json_t *outputs = json_array(), *values = json_array();
    for (size_t i = 0; i < v->model->output_count; i++)
        json_array_append_new(outputs, json_output(v, a, &v->outputs[i]));
    for (size_t i = 0; i < v->value_count; i++) {
        const verified_value *x = &v->values[i];
        json_array_append_new(
            values,
            json_pack("{ss ss so so}", "name", x->of.name, "type", ir_type_string(a, x->of.type),
                      "code", json_stats(v, x->of.type, &x->code), "plain_float32",
                      json_stats(v, x->of.type, &x->plain)));
    }
    json_t *file = json_pack("{ss sb sI sI sI sI so so sb}", "model", v->model->name, "good",
                             verified_is_good(v), "runs", (json_int_t)v->runs->count, "runs_wanted",
                             (json_int_t)v->runs->wanted, "refused", (json_int_t)v->refused,
                             "undecided", (json_int_t)v->undecided, "outputs", outputs, "values",
                             values, "values_from_same_bits", v->same_bits);
    char *shown = json_dumps(file, JSON_INDENT(2));
    if (!shown) ice("a report that is no JSON");
    text_printf(to, "%s\n", shown);
    free(shown);
    json_decref(file);
}
