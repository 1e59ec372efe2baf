/* fuzz_onnx: an ONNX model through the whole import. It gives a .nn file's text or says why not; the text is right by the
 * grammar, and the tensors beside it can be told apart. */
#include "as_file.h"
#include "import/import.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena *a = arena_new();
    diag_list *diags = diag_list_new(a, NULL);
    int file;
    const char *path = as_file(a, data, size, &file);
    const import_options options = {.reset_after = size % 2}; /* of the input: a file alone repeats its fault */
    import_result *r = import_onnx(a, path, "m.nn", "m.safetensors", &options, diags);
    fuzz_check(!r == !!diag_error_count(diags), "there is a .nn file, or an error");
    if (r) check_result(a, r);
    fuzz_show(diags);
    close(file);
    arena_free(a);
    return 0;
}
