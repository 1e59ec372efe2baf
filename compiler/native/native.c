/* native: see native.h. */
#include "native/native.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emit/target.h"
#include "native/driver.h"
#include "native/process.h"
#include "temporary.h"

enum {
    HEADER,
    CODE,
    CALL,
    DRIVER,
    PROGRAM,
    SAID,
    OBJECT,
    FRAMES,
    RUNS,
    OUTPUTS,
    FILES = OUTPUTS + NATIVE_BODIES
};
static const char *const names[FILES] = {"model.h", "model.c", "call.c",   "driver.c",
                                         "program", "said",    "model.o",  "model.su",
                                         "runs",    "outputs", "outputs1", "outputs2"};
enum { MOST_SHOWN = 1000 };

struct native {
    arena *arena;
    const plan *plan;
    const emit_api *api;
    const char *target;
    diag_list *diags;
    const char *folder;
    const char *paths[FILES];
    FILE *runs, *outputs[NATIVE_BODIES];
    int64_t bodies;
    char body_names[NATIVE_BODIES][DRIVER_NAME_BYTES + 1];
};

/* --- the folder --- */

/* No option, and no name of a file of options, @FILE, for a compiler. */
static const char *plain_path(arena *a, const char *path) {
    return *path == '/' ? path : arena_printf(a, "./%s", path);
}

static bool make_folder(native *n) {
    const char *given = getenv("TMPDIR");
    char *folder = arena_printf(n->arena, "%s/nnc-XXXXXX",
                                given && *given ? plain_path(n->arena, given) : "/tmp");
    temporary_begin();
    sigset_t before = temporary_hold();
    bool good = mkdtemp(folder) != NULL;
    if (good) {
        n->folder = folder;
        temporary_folder(NULL, folder);
        for (int i = 0; i < FILES; i++) {
            n->paths[i] = arena_printf(n->arena, "%s/%s", folder, names[i]);
            temporary_file(NULL, n->paths[i]);
        }
    }
    temporary_let(&before);
    if (!good)
        diag_error_file(n->diags, folder, "no temporary folder can be made: %s", strerror(errno));
    return good;
}

static void remove_folder(native *n) {
    if (!n->folder) return;
    sigset_t before = temporary_hold();
    for (int i = 0; i < FILES; i++) {
        unlink(n->paths[i]);
        temporary_file(n->paths[i], NULL);
    }
    rmdir(n->folder);
    temporary_folder(n->folder, NULL);
    temporary_let(&before);
}

void native_close(native *n) {
    if (!n) return;
    if (n->runs) fclose(n->runs);
    for (int i = 0; i < NATIVE_BODIES; i++)
        if (n->outputs[i]) fclose(n->outputs[i]);
    remove_folder(n);
}

/* --- building --- */

static bool complain(native *n, int file) {
    diag_error_file(n->diags, n->paths[file], "%s", strerror(errno));
    return false;
}

static bool write_file(native *n, int file) {
    emit_options e = {.source_name = "model.nn",
                      .header_name = names[HEADER],
                      .code_name = names[CODE],
                      .banner_options = "",
                      .standalone = true,
                      .target = n->target};
    emit_api *api = (emit_api *)(uintptr_t)n->api;
    FILE *to = fopen(n->paths[file], "wb");
    if (!to) return complain(n, file);
    bool good = file == HEADER ? emit_header(&e, &n->plan, &api, 1, to)
                : file == CODE ? emit_source(&e, &n->plan, &api, 1, to)
                : file == CALL ? driver_write_call(n->plan, n->api, n->target, names[CODE], to)
                               : fputs(driver_text, to) >= 0;
    good = fflush(to) == 0 && !ferror(to) && good;
    if (!good) complain(n, file);
    fclose(to);
    return good;
}

/* What a program printed, its beginning, as a note. */
static void note_said(native *n, diag *d) {
    char shown[MOST_SHOWN + 1];
    FILE *from = fopen(n->paths[SAID], "rb");
    size_t length = from ? fread(shown, 1, MOST_SHOWN, from) : 0;
    if (from) fclose(from);
    while (length && shown[length - 1] == '\n') length--;
    shown[length] = '\0';
    if (length) diag_note_lines(d, shown);
}

/* The words of $CC and $CFLAGS, with what they lack: -O1 first, then `own`. */
static char **command(native *n, const char *const *own, size_t own_count) {
    arena *a = n->arena;
    const char *cc = getenv("CC"), *flags = getenv("CFLAGS");
    size_t cc_count, flag_count, count = 0;
    char **cc_words = process_words(a, cc, &cc_count),
         **flag_words = process_words(a, flags, &flag_count);
    const char *target = target_march(n->target);
    const char **argv = ARENA_ARRAY(a, const char *, cc_count + flag_count + own_count + 4);
    if (!cc_count) argv[count++] = "cc";
    for (size_t i = 0; i < cc_count; i++) argv[count++] = cc_words[i];
    argv[count++] = "-O1";
    if (target) argv[count++] = target;
    for (size_t i = 0; i < flag_count; i++) argv[count++] = flag_words[i];
    for (size_t i = 0; i < own_count; i++) argv[count++] = own[i];
    return (char **)(uintptr_t)argv;
}

static bool compile(native *n, const char *const *own, size_t own_count) {
    char **argv = command(n, own, own_count);
    const char *problem = process_run(n->arena, argv, n->paths[SAID]);
    if (!problem) return true;
    diag *d = diag_error_file(n->diags, argv[0], "the C compiler %s", problem);
    note_said(n, d);
    diag_hint(d, "$CC names another one, with its first options; $CFLAGS more of them");
    return false;
}

/* With the files from the header up to `last`; NULL after errors. */
static native *begin(arena *a, const plan *p, const emit_api *api, const char *target, int last,
                     diag_list *diags) {
    native *n = ARENA_NEW(a, native);
    *n = (native){.arena = a, .plan = p, .api = api, .target = target, .diags = diags};
    bool good = make_folder(n);
    for (int i = HEADER; good && i <= last; i++) good = write_file(n, i);
    if (good) return n;
    native_close(n);
    return NULL;
}

native *native_build(arena *a, const plan *p, const emit_api *api, const char *target,
                     diag_list *diags) {
    native *n = begin(a, p, api, target, DRIVER, diags);
    if (!n) return NULL;
    const char *const own[] = {"-o", n->paths[PROGRAM], n->paths[CALL], n->paths[DRIVER], "-lm"};
    if (compile(n, own, sizeof own / sizeof *own)) {
        n->runs = fopen(n->paths[RUNS], "wb");
        if (n->runs) return n;
        complain(n, RUNS);
    }
    native_close(n);
    return NULL;
}

/* --- stack frames --- */

/* Lines like "model.c:10:5:tagger_run	64	static". */
static bool read_frames(native *n, int64_t *bytes, const char **function) {
    char line[1024];
    FILE *from = fopen(n->paths[FRAMES], "rb");
    if (!from) {
        diag *d = diag_error_file(n->diags, n->paths[FRAMES],
                                  "the C compiler has not written it: %s", strerror(errno));
        diag_hint(d, "gcc and clang know -fstack-usage");
        return false;
    }
    *bytes = 0;
    *function = "no function";
    while (fgets(line, sizeof line, from)) {
        char *tab = strchr(line, '\t');
        if (!tab) continue;
        *tab = '\0';
        int64_t frame = strtoll(tab + 1, NULL, 10);
        const char *colon = strrchr(line, ':');
        if (frame <= *bytes || !colon) continue;
        *bytes = frame;
        *function = arena_strdup(n->arena, colon + 1);
    }
    fclose(from);
    return true;
}

bool native_stack(arena *a, const plan *p, const emit_api *api, const char *target,
                  diag_list *diags, int64_t *bytes, const char **function) {
    native *n = begin(a, p, api, target, CODE, diags);
    if (!n) return false;
    const char *const own[] = {"-fstack-usage", "-c", "-o", n->paths[OBJECT], n->paths[CODE]};
    bool good = compile(n, own, sizeof own / sizeof *own) && read_frames(n, bytes, function);
    native_close(n);
    return good;
}

/* --- running --- */

static bool write_integer(native *n, int64_t value) {
    return fwrite(&value, sizeof value, 1, n->runs) == 1;
}

static bool write_tensor(native *n, const ir_type *type, size_t elements, const double *from) {
    bool good = true;
    for (size_t i = 0; good && i < elements; i++) {
        float number = (float)from[i];
        int32_t integer = type->dtype == IR_F32 ? 0 : (int32_t)from[i];
        good = type->dtype == IR_F32 ? fwrite(&number, 4, 1, n->runs) == 1
                                     : fwrite(&integer, 4, 1, n->runs) == 1;
    }
    return good;
}

static size_t elements_of(const native *n, const ir_value *v, const int64_t *dims) {
    return ir_elements_at(n->plan->model, &v->type, dims);
}

bool native_add_run(native *n, bool reset, const int64_t *dims, const double *const *inputs) {
    const ir_model *m = n->plan->model;
    bool good = write_integer(n, reset);
    for (size_t i = 0; i < m->symbol_count; i++) good = good && write_integer(n, dims[i]);
    for (size_t i = 0; i < m->input_count; i++)
        good = good && write_integer(n, 4 * (int64_t)elements_of(n, m->inputs[i].value, dims));
    for (size_t i = 0; i < m->output_count; i++)
        good = good && write_integer(n, 4 * (int64_t)elements_of(n, m->outputs[i].value, dims));
    for (size_t i = 0; good && i < m->input_count; i++) {
        const ir_value *v = m->inputs[i].value;
        good = write_tensor(n, &v->type, elements_of(n, v, dims), inputs[i]);
    }
    return good || complain(n, RUNS);
}

bool native_start(native *n, int body) {
    char number[16];
    snprintf(number, sizeof number, "%d", body);
    char *argv[] = {(char *)(uintptr_t)n->paths[PROGRAM], (char *)(uintptr_t)n->paths[RUNS],
                    (char *)(uintptr_t)n->paths[OUTPUTS + body], number, NULL};
    if (fflush(n->runs) != 0) return complain(n, RUNS);
    const char *problem = process_run(n->arena, argv, n->paths[SAID]);
    if (problem) {
        note_said(n, diag_error_file(n->diags, n->api->name, "the compiled model %s", problem));
        return false;
    }
    FILE *from = n->outputs[body] = fopen(n->paths[OUTPUTS + body], "rb");
    bool good = from && fread(&n->bodies, sizeof n->bodies, 1, from) == 1 &&
                fread(n->body_names[body], DRIVER_NAME_BYTES, 1, from) == 1;
    return good || complain(n, OUTPUTS + body);
}

int native_bodies(const native *n) { return (int)n->bodies; }
const char *native_body_name(const native *n, int body) { return n->body_names[body]; }

static bool read_tensor(native *n, FILE *from, arena *a, const ir_value *v, const int64_t *dims,
                        double **to) {
    size_t elements = elements_of(n, v, dims);
    double *numbers = *to = ARENA_ARRAY(a, double, elements);
    for (size_t i = 0; i < elements; i++) {
        float number;
        int32_t integer;
        unsigned char bytes[4];
        if (fread(bytes, sizeof bytes, 1, from) != 1) return false;
        memcpy(&number, bytes, 4);
        memcpy(&integer, bytes, 4);
        numbers[i] = v->type.dtype == IR_F32 ? (double)number : (double)integer;
    }
    return true;
}

bool native_next(native *n, int body, arena *a, const int64_t *dims, double **outputs,
                 int *status) {
    const ir_model *m = n->plan->model;
    int64_t said;
    bool good = fread(&said, sizeof said, 1, n->outputs[body]) == 1;
    *status = good ? (int)said : -1;
    for (size_t i = 0; good && !*status && i < m->output_count; i++)
        good = read_tensor(n, n->outputs[body], a, m->outputs[i].value, dims, &outputs[i]);
    return good || complain(n, OUTPUTS + body);
}
