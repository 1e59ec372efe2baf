/* import: read, interpret, write, and look whether nnc takes what was written. */
#include "import/import.h"

#include "import/interpret.h"
#include "import/write.h"

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *without_ending(arena *a, const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? arena_strndup(a, name, (size_t)(dot - name)) : name;
}

import_result *import_onnx(arena *a, const char *path, const char *nn, const char *weights,
                           const import_options *options, diag_list *diags) {
    onnx_file *file = onnx_file_open(a, path, diags);
    graph *g = file ? interpret(a, file, options, diags) : NULL;
    if (!g) return NULL;
    const Onnx__ModelProto *m = file->model;
    const char *producer = m->producer_name && m->producer_name[0] ? m->producer_name : NULL,
               *version = m->producer_version;
    write_names names = {.weights = base_name(weights)};
    names.model = write_word(a, without_ending(a, base_name(nn)), "model_");
    names.title = write_comment(
        a, arena_printf(a, "%s: imported from %s%s%s%s%s%s", base_name(nn), base_name(path), producer ? ", by " : "",
                        producer ? producer : "", producer && version && version[0] ? " " : "",
                        producer && version ? version : "", ""));
    written w = write_graph(g, &names);
    if (w.problem) {
        diag_error_file(diags, path, "%s", w.problem);
        return NULL;
    }
    import_result *r = ARENA_NEW(a, import_result);
    const char **inputs = ARENA_ARRAY(a, const char *, file->other_count + 1);
    inputs[0] = path;
    for (size_t i = 0; i < file->other_count; i++) inputs[i + 1] = file->others[i];
    *r = (import_result){text_string(&w.nn), w.tensors, w.tensor_count, inputs, file->other_count + 1};
    return r;
}
