/* warn: -Wnarrow: what is said about weights that their format keeps badly. */
#include "format/round.h"

enum { LEAST_DECIBELS = 36 }; /* int8 keeps trained weights at 38.8 and more */

typedef struct {
    diag_list *diags;
    bool stored, found; /* some layer asks for `stored`; and some has weights that are */
    span where;
} warner;

static void look_at(void *context, const ir_node *n, const ir_param *p) {
    warner *w = context;
    weight_format f = format_choose(n, p);
    if (n->attrs.weights == IR_WEIGHTS_STORED && !w->stored) w->where = p->where;
    w->stored = w->stored || n->attrs.weights == IR_WEIGHTS_STORED;
    w->found = w->found || (n->attrs.weights == IR_WEIGHTS_STORED && f != FORMAT_FLOAT32);
    if (f != FORMAT_INT8 && f != FORMAT_INT16) return;
    arena *a = arena_new();
    round_quality q = round_measure(a, f, p);
    arena_free(a);
    if (q.decibels >= LEAST_DECIBELS) return;
    const char *name = format_row_of(f)->name;
    diag *d = diag_warning(w->diags, WARNING_NARROW, p->where, "%s: %s keeps \"%.80s\" at %.1f dB only", p->wanted_by,
                           name, p->key, q.decibels);
    diag_note_plain(d, "row %lld has a weight of %.3g where its rms is %.3g", (long long)q.worst_row, q.largest, q.rms);
    diag_hint(d, f == FORMAT_INT8 ? "as int16 keeps it better" : "as float32 keeps it as it is");
}

void format_warn(const ir_model *m, diag_list *diags) {
    warner w = {.diags = diags};
    format_each(m, look_at, &w);
    if (w.stored && !w.found)
        diag_warning(diags, WARNING_NARROW, w.where,
                     "model %s: no matrix is kept as stored, as none has 16 bits in the file: they are float32",
                     m->name);
}
