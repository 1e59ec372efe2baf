/* generated: see generated.h. */
#include "generated.h"

#include <string.h>
#include <sys/stat.h>

#include "depfile.h"
#include "output.h"

enum { HEADER, CODE, WEIGHTS, RUNTIME, DEPFILE }; /* in the order of writing */

static const char runtime_name[] = "nnc_runtime.h";

/* --- where the files go --- */

/* The runtime's first line up to the colon is in every version of it. */
static bool is_runtime(const char *bytes, size_t size) {
    size_t n = (size_t)(strchr(nnc_runtime_text, ':') - nnc_runtime_text);
    return size >= n && memcmp(bytes, nnc_runtime_text, n) == 0;
}

typedef enum { NOT_THERE, THERE, OTHER_VERSION, NOT_OURS } runtime_state;

static runtime_state look_at(arena *a, const char *path) {
    struct stat s;
    if (stat(path, &s) != 0) return NOT_THERE;
    size_t room = nnc_runtime_size + 1, size = 0;
    char *bytes = arena_alloc(a, room);
    FILE *f = S_ISREG(s.st_mode) ? fopen(path, "rb") : NULL;
    if (f) {
        size = fread(bytes, 1, room, f);
        fclose(f);
    }
    if (size == nnc_runtime_size && memcmp(bytes, nnc_runtime_text, size) == 0) return THERE;
    return is_runtime(bytes, size) ? OTHER_VERSION : NOT_OURS;
}

static bool find_runtime(arena *a, const options *o, generated *g, diag_list *diags) {
    const place *code = &g->places[CODE];
    place *p = &g->places[RUNTIME];
    const char *path = NULL;
    if (o->runtime) {
        if (!output_make_folder(o->runtime, diags)) return false;
        path = arena_printf(a, "%s/%s", o->runtime, runtime_name);
    } else if (code->path && !code->through && !o->standalone && !o->no_runtime) {
        path = path_beside(a, code->path, runtime_name);
    }
    runtime_state state = path ? look_at(a, path) : NOT_THERE;
    if (state == NOT_OURS) {
        diag *d = diag_error_file(diags, path, "this file is not nnc's: the runtime cannot take its place");
        diag_hint(d,
                  "--no-runtime leaves it alone, --runtime DIR writes the runtime elsewhere, --standalone puts it into "
                  "the C file");
        return false;
    }
    g->has_runtime = state == THERE; /* which may be read-only */
    return !path || (g->has_runtime ? place_of_input(path, p) : output_find(a, path, p, diags));
}

bool generated_find(arena *a, const options *o, generated *g, diag_list *diags) {
    *g = (generated){0};
    const char *weights = o->weights_beside ? options_weights(a, o) : NULL;
    if (weights && !output_find(a, weights, &g->places[WEIGHTS], diags)) return false;
    if (o->weights_only) return true;
    const char *header = options_header(a, o);
    return (!header || output_find(a, header, &g->places[HEADER], diags)) &&
           (!o->output || output_find(a, o->output, &g->places[CODE], diags)) &&
           (!o->depfile || output_find(a, o->depfile, &g->places[DEPFILE], diags)) && find_runtime(a, o, g, diags);
}

/* --- writing --- */

static const char *banner_options(arena *a, const options *o) {
    text t = text_new(a);
    if (o->standalone) text_add(&t, "--standalone");
    if (o->unroll_given) text_printf(&t, "%s--unroll %lld", o->standalone ? " " : "", (long long)o->unroll);
    if (o->target) text_printf(&t, "%s--target %s", t.length ? " " : "", o->target);
    if (*o->name_prefix) text_printf(&t, "%s--name-prefix %s", t.length ? " " : "", o->name_prefix);
    if (o->section) text_printf(&t, "%s--const-section %s", t.length ? " " : "", o->section);
    if (o->weights_beside) text_printf(&t, "%s--weights-as file", t.length ? " " : "");
    if (o->inference) text_printf(&t, "%s--inference", t.length ? " " : "");
    if (o->train_only) text_printf(&t, "%s--train-api train", t.length ? " " : "");
    if (o->tape) text_printf(&t, "%s--train-tape %lld", t.length ? " " : "", (long long)o->tape);
    if (o->random_weights) text_printf(&t, "%s--random-weights %llu", t.length ? " " : "", (unsigned long long)o->seed);
    if (o->weights) text_printf(&t, "%s--weights %s", t.length ? " " : "", path_base(o->weights));
    if (o->weights_type)
        text_printf(&t, "%s--weights-type %s", t.length ? " " : "", ir_weights_name(o->weights_type));
    if (o->weights_key) text_printf(&t, "%s--weights-key %s", t.length ? " " : "", o->weights_key);
    return text_string(&t);
}

static const char *without_ending(arena *a, const char *name) {
    const char *dot = strrchr(name, '.');
    return arena_printf(a, "%.*s", (int)(dot && dot != name ? (size_t)(dot - name) : strlen(name)), name);
}

/* With -o - and no --header, the C includes the name that the model's file suggests. */
static emit_options names(arena *a, const options *o) {
    const char *header = options_header(a, o), *model = path_base(o->input);
    emit_options e = {.source_name = model, .banner_options = banner_options(a, o), .standalone = o->standalone,
                      .target = options_target(o), .section = o->section, .big_endian = o->big_endian};
    e.header_name = header ? path_base(header) : arena_printf(a, "%s.h", without_ending(a, model));
    bool named = strcmp(o->output, "-") != 0;
    e.code_name = named ? path_base(o->output) : arena_printf(a, "%s.c", without_ending(a, e.header_name));
    return e;
}

typedef struct {
    const emit_options *e;
    const plan *const *plans;
    emit_api *const *apis;
    size_t count;
    const generated *g;
} contents;

static bool print(const contents *c, int file, FILE *to) {
    if (file == HEADER) return emit_header(c->e, c->plans, c->apis, c->count, to);
    if (file == CODE) return emit_source(c->e, c->plans, c->apis, c->count, to);
    if (file == WEIGHTS) return emit_weights(c->e, c->plans, c->apis, c->count, to);
    if (file == DEPFILE) {
        const char *made[3] = {c->g->places[CODE].path};
        size_t count = 1;
        for (int other = HEADER; other <= WEIGHTS; other++)
            if (other != CODE && c->g->places[other].path) made[count++] = c->g->places[other].path;
        return depfile_write(to, made, count, c->g->inputs, c->g->input_count);
    }
    return fwrite(nnc_runtime_text, 1, nnc_runtime_size, to) == nnc_runtime_size;
}

/* What is written through comes last: nothing can fail then but that itself. */
bool generated_write(arena *a, const options *o, const generated *g, const plan *const *plans, emit_api *const *apis,
                     size_t count, diag_list *diags) {
    emit_options e = {0};
    if (o->output) e = names(a, o);
    contents c = {&e, plans, apis, count, g};
    output files[GENERATED_FILES], *all[GENERATED_FILES];
    size_t opened = 0;
    for (int through = 0; through < 2; through++)
        for (int i = 0; i < GENERATED_FILES; i++) {
            if (!g->places[i].path || g->places[i].through != (through != 0) || (i == RUNTIME && g->has_runtime))
                continue;
            output *file = all[opened] = &files[opened];
            bool good = output_open(a, file, &g->places[i], diags);
            if (good) opened++;
            if (good && print(&c, i, file->file)) continue;
            if (good) output_complain(file, diags);
            output_discard(all, opened);
            return false;
        }
    return output_commit(all, opened, diags);
}
