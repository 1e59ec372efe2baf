/* api: names of the interface. The .nn file's names are kept; what C, C++ or the interface has taken gets a trailing
 * underscore, and an output that is also an input is NAME_out. */
#include <ctype.h>
#include <string.h>

#include "emit/emit.h"

/* Keywords of C (to C23) and C++ (to C++23), names that headers of the interface define, and macros that compilers
 * predefine in their default modes. */
static const char reserved[] =
    " self scratch memcpy memset NULL NAN INFINITY EOF errno assert main nnc_status size_t ptrdiff_t int8_t int16_t "
    "int32_t "
    "int64_t uint8_t uint16_t uint32_t uint64_t intptr_t uintptr_t wchar_t offsetof max_align_t nullptr_t "
    "linux unix i386 vax sun mips arm near far small interface IN OUT I min max auto break case char const "
    "continue default do double else enum extern float for goto if inline int long register restrict return "
    "short signed sizeof static struct switch typedef union unsigned void volatile while alignas alignof bool "
    "constexpr false nullptr static_assert thread_local true typeof typeof_unqual asm fortran complex "
    "imaginary noreturn and and_eq bitand bitor catch char8_t char16_t char32_t class compl concept consteval "
    "constinit const_cast co_await co_return co_yield decltype delete dynamic_cast explicit export friend "
    "mutable namespace new noexcept not not_eq operator or or_eq private protected public reinterpret_cast "
    "requires static_cast template this throw try typeid typename using virtual xor xor_eq ";

/* Functions of the headers that generated code includes: no type may be called so. */
static const char library[] =
    " memchr memcmp memcpy memmove memset strcat strchr strcmp strcoll strcpy strcspn strerror strlen strncat strncmp "
    "strncpy strpbrk strrchr strspn strstr strtok strxfrm acos acosh asin asinh atan atan2 atanh cbrt ceil copysign "
    "cos "
    "cosh erf erfc exp exp2 expm1 fabs fdim floor fma fmax fmin fmod frexp hypot ilogb ldexp lgamma llrint llround log "
    "log10 log1p log2 logb lrint lround modf nan nearbyint nextafter nexttoward pow remainder remquo rint round "
    "scalbln "
    "scalbn sin sinh sqrt tan tanh tgamma trunc j0 j1 jn y0 y1 yn gamma drem significand finite isinf isnan scalb "
    "index rindex bcmp bcopy bzero ffs strdup strndup strsep stpcpy stpncpy strsignal strtok_r strlcpy strlcat memccpy "
    "mempcpy memmem memrchr rawmemchr strchrnul basename exp10 sincos ";

static bool is_word_of(const char *words, const char *name) {
    size_t n = strlen(name);
    for (const char *word = strstr(words, name); word; word = strstr(word + 1, name))
        if (word[-1] == ' ' && word[n] == ' ') return true;
    return false;
}

/* Macros of <stdint.h> and <math.h>, by how they begin and end. */
static bool is_header_macro(const char *name) {
    static const char *const prefixes[] = {"INT",     "UINT",     "SIZE_", "PTRDIFF_",  "SIG_ATOMIC_", "WCHAR_",
                                           "WINT_",   "HUGE",     "FP_",   "M_",        "MATH_",       "math_",
                                           "X_TLOSS", "DOMAIN",   "SING",  "OVERFLOW",  "UNDERFLOW",   "TLOSS",
                                           "PLOSS",   "MAXFLOAT", "SNAN",  "FLT_EVAL_", "LLONG_",      "ULLONG_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return false;
}

bool emit_is_reserved(const char *name) {
    if (is_word_of(reserved, name) || is_header_macro(name)) return true;
    /* reserved for the implementation: _X and names with two underscores */
    return strstr(name, "__") || (name[0] == '_' && isupper((unsigned char)name[1])) || strncmp(name, "nnc_", 4) == 0 ||
           strncmp(name, "NNC_", 4) == 0;
}

/* A type's name must not be a function's, or those of its float and long double forms; nnc_ is the runtime's. */
static bool is_reserved_type(arena *a, const char *name) {
    size_t n = strlen(name);
    if (emit_is_reserved(name) || is_word_of(library, name) || strcmp(name, "nnc") == 0) return true;
    return n > 1 && (name[n - 1] == 'f' || name[n - 1] == 'l') && is_word_of(library, arena_strndup(a, name, n - 1));
}

static const char *upper(arena *a, const char *name) {
    char *u = arena_strdup(a, name);
    for (char *c = u; *c; c++) *c = (char)toupper((unsigned char)*c);
    return u;
}

/* Parameters of the run function, unique among themselves and apart from the types and functions of the file. */
typedef struct {
    arena *arena;
    ir_model *const *models;
    size_t model_count;
    const char **names; /* dims, inputs, outputs */
    size_t count;
} name_list;

static bool is_api(const name_list *list, const char *name) {
    for (size_t i = 0; i < list->model_count; i++) {
        const char *model = list->models[i]->name;
        size_t n = strlen(model);
        if (strncmp(name, model, n) != 0) continue;
        if (name[n] == 0 || strcmp(name + n, "_run") == 0 || strcmp(name + n, "_reset") == 0) return true;
    }
    return false;
}

/* What C or the interface has taken gets an underscore; two parameters of one name are left to emit_api_check. */
static const char *claim(name_list *list, const char *name) {
    if (emit_is_reserved(name) || is_api(list, name)) name = arena_printf(list->arena, "%s_", name);
    list->names[list->count++] = name;
    return name;
}

static bool is_input(const ir_model *m, const char *name) {
    for (size_t i = 0; i < m->input_count; i++)
        if (strcmp(m->inputs[i].name, name) == 0) return true;
    return false;
}

emit_api *emit_api_new(arena *a, ir_model *const *models, size_t count, size_t index) {
    const ir_model *m = models[index];
    emit_api *api = ARENA_NEW(a, emit_api);
    size_t room = m->symbol_count + m->input_count + m->output_count + 1;
    name_list list = {a, models, count, ARENA_ARRAY(a, const char *, room), 0};
    api->name = m->name;
    api->upper = upper(a, m->name);
    api->dims = ARENA_ARRAY(a, const char *, m->symbol_count);
    api->dim_macros = ARENA_ARRAY(a, const char *, m->symbol_count);
    api->inputs = ARENA_ARRAY(a, const char *, m->input_count);
    api->outputs = ARENA_ARRAY(a, const char *, m->output_count);
    api->states = ARENA_ARRAY(a, const char *, m->state_count);
    for (size_t i = 0; i < m->symbol_count; i++) {
        const char *name = dim_symbol_name(m->symbols[i]);
        api->dims[i] = claim(&list, name);
        api->dim_macros[i] = arena_printf(a, "%s_%s", api->upper, upper(a, name));
    }
    for (size_t i = 0; i < m->input_count; i++) api->inputs[i] = claim(&list, m->inputs[i].name);
    for (size_t i = 0; i < m->output_count; i++) {
        const char *name = m->outputs[i].name;
        api->outputs[i] = claim(&list, is_input(m, name) ? arena_printf(a, "%s_out", name) : name);
    }
    api->parameters = list.names;
    for (size_t i = 0; i < m->state_count; i++) api->states[i] = arena_printf(a, "state_%s", m->states[i].name);
    return api;
}

/* Macros of two dims, of one model or of two. */
static void check_macros(const ir_model *m, const emit_api *api, const ir_model *other, const emit_api *other_api,
                         diag_list *diags) {
    for (size_t i = 0; i < m->symbol_count; i++)
        for (size_t k = 0; k < (m == other ? i : other->symbol_count); k++) {
            if (strcmp(api->dim_macros[i], other_api->dim_macros[k]) != 0) continue;
            diag *d =
                diag_error(diags, m->symbol_where[i], "dims %s and %s would both be %s_MAX in C",
                           dim_symbol_name(other->symbols[k]), dim_symbol_name(m->symbols[i]), api->dim_macros[i]);
            diag_note(d, other->symbol_where[k], "the other dim");
            diag_hint(d, "rename one of them; macros are in capitals");
        }
}

static span parameter_where(const ir_model *m, size_t i) {
    if (i < m->symbol_count) return m->symbol_where[i];
    i -= m->symbol_count;
    return i < m->input_count ? m->inputs[i].where : m->outputs[i - m->input_count].where;
}

/* Parameters that were renamed to one name. */
static void check_parameters(const ir_model *m, const emit_api *api, diag_list *diags) {
    size_t count = m->symbol_count + m->input_count + m->output_count;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++) {
            if (strcmp(api->parameters[i], api->parameters[k]) != 0) continue;
            diag *d = diag_error(diags, parameter_where(m, i), "two parameters of %s_run would be called %s in C",
                                 api->name, api->parameters[i]);
            diag_note(d, parameter_where(m, k), "the other one");
            diag_hint(d, "rename one of them");
        }
}

void emit_api_check(arena *a, ir_model *const *models, emit_api *const *apis, size_t count, diag_list *diags) {
    static const char *const suffixes[] = {"", "_reset", "_run"};
    for (size_t i = 0; i < count; i++) {
        check_parameters(models[i], apis[i], diags);
        for (size_t k = 0; k <= i; k++) check_macros(models[i], apis[i], models[k], apis[k], diags);
        if (is_reserved_type(a, apis[i]->name)) {
            diag *d = diag_error(diags, models[i]->where,
                                 "a model cannot be called %s: C, C++ or the interface has taken "
                                 "the name",
                                 apis[i]->name);
            diag_hint(d, "for example: model %s_model", apis[i]->name);
        }
        for (size_t k = 0; k < i; k++) {
            for (size_t s = 0; s < 9; s++) {
                const char *one = arena_printf(a, "%s%s", apis[i]->name, suffixes[s % 3]);
                const char *other = arena_printf(a, "%s%s", apis[k]->name, suffixes[s / 3]);
                if (strcmp(one, other) != 0) continue;
                diag *d = diag_error(diags, models[i]->where, "models %s and %s would both define %s in C",
                                     apis[k]->name, apis[i]->name, one);
                diag_note(d, models[k]->where, "the other model");
            }
            if (strcmp(apis[i]->upper, apis[k]->upper) == 0 && strcmp(apis[i]->name, apis[k]->name) != 0) {
                diag *d = diag_error(diags, models[i]->where, "models %s and %s would share their macros %s_…",
                                     apis[k]->name, apis[i]->name, apis[i]->upper);
                diag_note(d, models[k]->where, "the other model");
            }
        }
    }
}
