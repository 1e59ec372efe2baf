/* fuzz_onnx: an ONNX model through the whole import, with bounds for the sizes that have names, and, as the input's last
 * bytes say, with constants and states. It gives a .nn file's text or says why not; the text is right by the
 * grammar, and the tensors beside it can be told apart. */
#include "as_file.h"
#include "import/import.h"
#include "import/onnx_file.h"
#include "syntax/parse.h"

static void check_result(arena *a, const import_result *r) {
    source *s = source_from_text(a, "m.nn", r->text, strlen(r->text));
    diag_list *diags = diag_list_new(a, s);
    parse_file(a, s, diags);
    fuzz_show(diags);
    fuzz_check(!diag_error_count(diags), r->text);
    for (size_t i = 0; i < r->tensor_count; i++)
        for (size_t k = 0; k < i; k++) fuzz_check(strcmp(r->tensors[i].name, r->tensors[k].name) != 0, r->text);
}

static void add_setting(arena *a, import_settings *to, const char *name, const char *given) {
    for (size_t i = 0; i < to->count; i++)
        if (strcmp(to->items[i].name, name) == 0) return;
    if (!name[0]) return;
    import_setting *all = ARENA_ARRAY(a, import_setting, to->count + 1);
    if (to->count) memcpy(all, to->items, to->count * sizeof *all);
    all[to->count++] = (import_setting){.name = name, .value = given};
    to->items = all;
}

/* Of the input alone: a file alone repeats its fault. */
static void choose_options(arena *a, const char *path, uint8_t chance, import_options *o) {
    onnx_file *file = onnx_file_open(a, path, diag_list_new(a, NULL));
    const Onnx__GraphProto *g = file ? file->model->graph : NULL;
    for (size_t i = 0; g && i < g->n_input && i < 8; i++) {
        const Onnx__ValueInfoProto *in = g->input[i];
        const Onnx__TypeProto__Tensor *t = in->type ? in->type->tensor_type : NULL;
        for (size_t k = 0; t && t->shape && k < t->shape->n_dim && k < 8; k++)
            if (t->shape->dim[k]->dim_param) add_setting(a, &o->sizes, t->shape->dim[k]->dim_param, chance & 1 ? "2..9" : "3");
        if (t && !t->shape && in->name) add_setting(a, &o->shapes, in->name, chance & 2 ? "2,T,6" : "4");
        if (in->name && (chance >> 2) % 4 == 1 && i == 1) add_setting(a, &o->values, in->name, "1");
        if (in->name && (chance >> 2) % 4 == 2 && i + 1 == g->n_input && g->n_output && g->output[g->n_output - 1]->name)
            add_setting(a, &o->states, in->name, g->output[g->n_output - 1]->name);
    }
    if (o->shapes.count && chance & 2) add_setting(a, &o->sizes, "T", "1..7");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena *a = arena_new();
    diag_list *diags = diag_list_new(a, NULL);
    int file;
    const char *path = as_file(a, data, size, &file);
    import_options options = {.reset_after = size % 2};
    choose_options(a, path, size ? data[size - 1] : 0, &options);
    import_result *r = import_onnx(a, path, "m.nn", "m.safetensors", &options, diags);
    fuzz_check(!r == !!diag_error_count(diags), "there is a .nn file, or an error");
    if (r) check_result(a, r);
    fuzz_show(diags);
    close(file);
    arena_free(a);
    return 0;
}
