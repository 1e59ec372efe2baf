/* inplace: values do not change here. PyTorch's functions with inplace=True overwrite their input, and who reads that
 * afterwards reads the result; a model that does so means one or the other, and is told which it gets. */
#include "lower/lowering.h"

void inplace_note(lowering *l, const function *f, const arguments *a, const value *result) {
    if (result->kind != VALUE_TENSOR || a->values[0].kind != VALUE_TENSOR) return;
    for (size_t i = 1; i < f->count; i++)
        if (strcmp(f->parameters[i].name, "inplace") == 0 && args_bool(a, i, false))
            ARENA_PUSH(l->arena, l->overwrites, l->overwrite_count, l->overwrite_capacity,
                       ((overwrite){.function = f->name, .input = args_tensor(a, 0), .result = result->tensor}));
}

/* What holds the elements of v: of a view another value. A reshape of what is not contiguous may be a copy. */
static const ir_value *storage_of(const ir_value *v) {
    for (bool reshaped = false; ir_op_class_of(v->producer->op) == IR_VIEW; v = v->producer->inputs[0]) {
        if (reshaped && v->producer->op != IR_RESHAPE) return v;
        reshaped = reshaped || v->producer->op == IR_RESHAPE;
    }
    return v;
}

static void warn_of_reader(lowering *l, const overwrite *o, const ir_node *reader) {
    const char *name = o->input->name ? o->input->name : "its input";
    diag *d =
        diag_warning(l->diags, WARNING_INPLACE, reader->where,
                     "this reads %.60s behind %s with inplace=True: in PyTorch it is overwritten by then, here it "
                     "keeps its value",
                     name, o->function);
    diag_note(d, o->result->where, "%s with inplace=True", o->function);
    if (o->input->name) diag_hint(d, "leave out inplace=True if the old value is meant; else bind %.60s = …", name);
    else diag_hint(d, "leave out inplace=True if the old value is meant; else read the result");
}

static bool reads(const ir_node *n, const ir_value *storage) {
    for (unsigned i = 0; i < n->input_count; i++)
        if (n->inputs[i] && storage_of(n->inputs[i]) == storage) return true;
    return false;
}

void warn_inplace(lowering *l) {
    for (size_t i = 0; i < l->overwrite_count; i++) {
        const overwrite *o = &l->overwrites[i];
        const ir_value *storage = storage_of(o->input);
        const ir_node *n = o->result->producer->next;
        while (n && (ir_op_class_of(n->op) == IR_VIEW || !reads(n, storage))) n = n->next;
        if (n && storage != storage_of(o->result)) warn_of_reader(l, o, n);
    }
}
