/* diag: what is wrong with the user's input, collected and shown in order of place.
 *
 * The user's fault is a diagnostic: it is collected, and the compilation goes on as far as it makes sense, so that one
 * run reports all errors. Our own fault is ice(), which ends the program with status 3. Only main.c exits otherwise.
 *
 *     diag *e = diag_error(list, where, "a Linear(%d, …) needs %d features, found %d", 48, 48, 24);
 *     diag_note(e, from, "x is float32[T, 24] from here");
 *     diag_hint(e, "a bidirectional LSTM gives 2 * hidden_size features");
 *
 * is shown as
 *
 *     model.nn:7:14: error: a Linear(48, …) needs 48 features, found 24
 *       7 |     y = out(x)
 *         |             ^
 *     model.nn:5:5: note: x is float32[T, 24] from here
 *       5 |     x = …
 *         |     ^
 *       hint: a bidirectional LSTM gives 2 * hidden_size features
 *
 * Diagnostics without a place (a weights file) show "PATH: error: …" and no line.
 */
#ifndef NNC_SUPPORT_DIAG_H
#define NNC_SUPPORT_DIAG_H

#include <stdbool.h>
#include <stdio.h>

#include "support/ice.h"
#include "support/source.h"

typedef struct diag diag;
typedef struct diag_list diag_list;

/* Every warning has a name, by which the user turns it off (-Wno-NAME) or makes it an error (-Werror=NAME), and which
 * stands behind its message: "warning: layer spare is never called [-Wunused-layer]". */
typedef enum {
#define WARNING(NAME, text, meaning) WARNING_##NAME,
#include "support/warnings.def"
    WARNING_COUNT
} warning_name;
typedef enum { WARNING_SHOWN, WARNING_OFF, WARNING_IS_ERROR } warning_level;
extern const char *const warning_names[WARNING_COUNT];    /* "unused-dim" */
extern const char *const warning_meanings[WARNING_COUNT]; /* for lists of them: "a dim that no shape uses" */

typedef enum { DIAG_TEXT, DIAG_JSON } diag_format;

typedef struct {
    diag_format format;
    bool color; /* of DIAG_TEXT: ANSI escapes */
    warning_level levels[WARNING_COUNT];
} diag_settings;

/* s may be NULL when only diag_error_file and diag_warning_file are used. Until diag_set: plain text, and all warnings
 * are shown as such. */
diag_list *diag_list_new(arena *a, const source *s);
/* Before the first diagnostic. */
void diag_set(diag_list *list, const diag_settings *settings);

diag *diag_error(diag_list *list, span where, const char *format, ...) __attribute__((format(printf, 3, 4)));
diag *diag_warning(diag_list *list, warning_name name, span where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* About a whole other file (weights): no line is shown. */
diag *diag_error_file(diag_list *list, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
diag *diag_warning_file(diag_list *list, warning_name name, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Added to a diagnostic that diag_error or diag_warning gave. A note has a place in the source of its own. */
void diag_note(diag *d, span where, const char *format, ...) __attribute__((format(printf, 3, 4)));
void diag_note_plain(diag *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Several lines, shown as they are below the rest. */
void diag_note_lines(diag *d, const char *lines);
void diag_hint(diag *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Errors by nature. Warnings that the settings made errors let the compilation go on to its end, so that all is said.
 */
size_t diag_error_count(const diag_list *list);
bool diag_failed(const diag_list *list); /* there are errors of either kind: nothing is to be written */
size_t diag_warning_count(const diag_list *list);
/* Shows everything in order of place (file-wide ones last; equal places in order of arrival; exact repeats once).
 * Of more than 1000, the first 1000 and how many more there are. As text, or as a JSON object to a line: diag_json.c
 * says what stands in it. */
void diag_print(const diag_list *list, FILE *to);

/* The candidate nearest to word by edit distance, or NULL when none is near enough to be what was meant. */
const char *diag_nearest(const char *word, const char *const *candidates, size_t count);
/* Closer than that: nothing but mistyped. */
bool diag_is_slip(const char *word, const char *of);

#endif
