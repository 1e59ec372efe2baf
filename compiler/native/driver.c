/* driver: see driver.h. Both files are C99 and C++11: $CC may be either. */
#include "native/driver.h"

#include <string.h>

#include "emit/target.h"

#define INTERFACE                                                                                  \
    "#ifdef __cplusplus\nextern \"C\" {\n#endif\n"                                                 \
    "extern const int nnc_call_dims, nnc_call_inputs, nnc_call_arrays;\n"                          \
    "size_t nnc_call_size(void);\n"                                                                \
    "int nnc_call_bodies(void);\n"                                                                 \
    "const char *nnc_call_body_name(int nnc_body);\n"                                              \
    "void nnc_call_reset(void *nnc_self, int nnc_body);\n"                                         \
    "int nnc_call_run(void *nnc_self, const size_t *nnc_dims, void *const *nnc_arrays);\n"         \
    "#ifdef __cplusplus\n}\n#endif\n\n"

const char driver_text[] =
    "#include <stdint.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include "
    "<string.h>\n\n" INTERFACE
    "static FILE *runs, *outputs;\n"
    "\n"
    "static void fail(const char *what)\n"
    "{\n"
    "    fprintf(stderr, \"%s\\n\", what);\n"
    "    exit(1);\n"
    "}\n"
    "\n"
    "static void *room(size_t bytes)\n"
    "{\n"
    "    void *p = malloc(bytes ? bytes : 1);\n"
    "    if (!p) fail(\"out of memory\");\n"
    "    return p;\n"
    "}\n"
    "\n"
    "static void take(void *to, size_t bytes)\n"
    "{\n"
    "    if (fread(to, 1, bytes, runs) != bytes) fail(\"the runs end early\");\n"
    "}\n"
    "\n"
    "static void give(const void *from, size_t bytes)\n"
    "{\n"
    "    if (fwrite(from, 1, bytes, outputs) != bytes) { perror(\"outputs\"); exit(1); }\n"
    "}\n"
    "\n"
    "static size_t take_size(void)\n"
    "{\n"
    "    int64_t n;\n"
    "    take(&n, sizeof n);\n"
    "    return (size_t)n;\n"
    "}\n"
    "\n"
    "static void run(void *self, int body, size_t *dims, size_t *bytes, void **arrays, int64_t "
    "reset)\n"
    "{\n"
    "    int i;\n"
    "    int64_t status;\n"
    "    if (reset) nnc_call_reset(self, body);\n"
    "    for (i = 0; i < nnc_call_dims; i++) dims[i] = take_size();\n"
    "    for (i = 0; i < nnc_call_arrays; i++) arrays[i] = room(bytes[i] = take_size());\n"
    "    for (i = 0; i < nnc_call_inputs; i++) take(arrays[i], bytes[i]);\n"
    "    status = nnc_call_run(self, dims, arrays);\n"
    "    give(&status, sizeof status);\n"
    "    for (i = nnc_call_inputs; !status && i < nnc_call_arrays; i++) give(arrays[i], "
    "bytes[i]);\n"
    "    for (i = 0; i < nnc_call_arrays; i++) free(arrays[i]);\n"
    "}\n"
    "\n"
    "int main(int argc, char **argv)\n"
    "{\n"
    "    char name[32] = {0};\n"
    "    int body = argc > 3 ? atoi(argv[3]) : 0;\n"
    "    int64_t bodies = nnc_call_bodies(), reset;\n"
    "    size_t *dims, *bytes;\n"
    "    void **arrays, *self;\n"
    "    if (argc != 4 || body >= bodies) fail(\"usage: PROGRAM RUNS OUTPUTS BODY\");\n"
    "    runs = fopen(argv[1], \"rb\");\n"
    "    outputs = fopen(argv[2], \"wb\");\n"
    "    if (!runs || !outputs) { perror(argv[1]); return 1; }\n"
    "    strncpy(name, nnc_call_body_name(body), sizeof name - 1);\n"
    "    give(&bodies, sizeof bodies);\n"
    "    give(name, sizeof name);\n"
    "    dims = (size_t *)room((size_t)nnc_call_dims * sizeof *dims);\n"
    "    bytes = (size_t *)room((size_t)nnc_call_arrays * sizeof *bytes);\n"
    "    arrays = (void **)room((size_t)nnc_call_arrays * sizeof *arrays);\n"
    "    self = room(nnc_call_size());\n"
    "    while (fread(&reset, sizeof reset, 1, runs) == 1) run(self, body, dims, bytes, arrays, "
    "reset);\n"
    "    if (fclose(outputs) != 0) { perror(\"outputs\"); return 1; }\n"
    "    fclose(runs);\n"
    "    free(self);\n"
    "    free(arrays);\n"
    "    free(bytes);\n"
    "    free(dims);\n"
    "    return 0;\n"
    "}\n";

/* The struct notes the body only where there are several. */
static bool has_bodies(const plan *p, const emit_api *api, const char *target) {
    arena *a = arena_new();
    emit_members m = emit_struct_members(a, p, api, target);
    bool found = false;
    for (size_t i = 0; i < m.count; i++)
        found = found || strcmp(m.items[i].name, "instruction_set") == 0;
    arena_free(a);
    return found;
}

static const char *c_type(const ir_value *v) {
    return v->type.dtype == IR_F32 ? "float" : "int32_t";
}

static void write_run(const plan *p, const emit_api *api, FILE *to) {
    const ir_model *m = p->model;
    fprintf(to,
            "int nnc_call_run(void *nnc_self, const size_t *nnc_dims, void *const *nnc_arrays)\n"
            "{\n    (void)nnc_dims;\n    return (int)%s_run((%s *)nnc_self",
            api->name, api->type);
    for (size_t i = 0; i < m->symbol_count; i++) fprintf(to, ", nnc_dims[%zu]", i);
    for (size_t i = 0; i < m->input_count; i++)
        fprintf(to, ", (const %s *)nnc_arrays[%zu]", c_type(m->inputs[i].value), i);
    for (size_t i = 0; i < m->output_count; i++)
        fprintf(to, ", (%s *)nnc_arrays[%zu]", c_type(m->outputs[i].value), m->input_count + i);
    fprintf(to, ");\n}\n");
}

static const char first_body[] =
    "#if defined(__SSE2__) && !defined(NNC_PLAIN_C)\n"
    "#define NNC_CALL_FIRST \"SSE2\"\n"
    "#elif defined(__ARM_NEON) && !defined(NNC_PLAIN_C)\n"
    "#define NNC_CALL_FIRST \"NEON\"\n"
    "#else\n"
    "#define NNC_CALL_FIRST \"plain C\"\n"
    "#endif\n\n";

/* The bodies' names, as C expressions. */
static void write_names(const char *target, FILE *to) {
    fputs("const char *nnc_call_body_name(int nnc_body)\n{\n    static const char *const nnc_names[] = {", to);
    for (size_t i = 0; i < target_body_count(target); i++) {
        const char *name = target_body_name(target, i);
        if (i) fputs(", ", to);
        if (name) fprintf(to, "\"%s\"", name);
        else fputs("NNC_CALL_FIRST", to);
    }
    fputs("};\n    return nnc_names[nnc_body];\n}\n", to);
}

bool driver_write_call(const plan *p, const emit_api *api, const char *target, const char *code,
                       FILE *to) {
    const ir_model *m = p->model;
    bool many = has_bodies(p, api, target);
    fprintf(to, "#include \"%s\"\n\n%s" INTERFACE, code, first_body);
    fprintf(to, "const int nnc_call_dims = %zu, nnc_call_inputs = %zu, nnc_call_arrays = %zu;\n",
            m->symbol_count, m->input_count, m->input_count + m->output_count);
    fprintf(to, "size_t nnc_call_size(void) { return sizeof(%s); }\n", api->type);
    fprintf(to, "int nnc_call_bodies(void) { return %s; }\n", many ? "nnc_isa() + 1" : "1");
    write_names(target, to);
    fprintf(to,
            "void nnc_call_reset(void *nnc_self, int nnc_body)\n{\n    %s_reset((%s *)nnc_self);\n",
            api->name, api->type);
    if (many) fprintf(to, "    ((%s *)nnc_self)->instruction_set[0] = nnc_body;\n}\n", api->type);
    else fprintf(to, "    (void)nnc_body;\n}\n");
    write_run(p, api, to);
    return !ferror(to);
}
