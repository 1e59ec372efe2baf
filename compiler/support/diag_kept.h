/* diag_kept: how diagnostics are kept, for the files that show them (diag_text.c, diag_json.c). Nobody else includes
 * it. */
#ifndef NNC_SUPPORT_DIAG_KEPT_H
#define NNC_SUPPORT_DIAG_KEPT_H

#include "support/diag.h"
#include "support/text.h"

typedef enum { PART_NOTE, PART_NOTE_PLAIN, PART_NOTE_LINES, PART_HINT } part_kind;

typedef struct diag_part diag_part;
struct diag_part {
    part_kind kind;
    span where; /* PART_NOTE */
    const char *message;
    diag_part *next;
};

struct diag {
    diag_list *list;
    bool is_error;
    const char *warning; /* its name; NULL for what is an error by itself */
    const char *path;    /* of a whole file; NULL when `where` is meant */
    span where;
    const char *message;
    size_t arrival;
    diag_part *first, *last;
};

struct diag_list {
    arena *arena;
    const source *source;
    diag_settings settings;
    diag **items;
    size_t count, capacity;
    size_t errors, warnings_as_errors, warnings;
};

/* Each adds one diagnostic; diag_*_rest the line that stands for those that are not shown. */
void diag_text(text *to, const diag *d);
void diag_text_rest(text *to, const diag_list *list, size_t count);
void diag_json(text *to, const diag *d);
void diag_json_rest(text *to, const diag_list *list, size_t count);

#endif
