/* document: a .nn file as an editor has it, and what the compiler finds in it. */
#ifndef NNC_SERVER_DOCUMENT_H
#define NNC_SERVER_DOCUMENT_H

#include "lower/lower.h"
#include "server/json.h"
#include "server/symbols.h"

typedef struct {
    arena *arena; /* of everything here */
    const source *source;
    const ast_file *file;
    bool parsed; /* without a syntax error */
    lower_notes notes;
    symbol_list symbols;
    json_t *diagnostics; /* the protocol's */
} analysis;

typedef struct document document;
struct document {
    char *uri, *path; /* path is "" of what is no file */
    char *text;
    json_t *version; /* or NULL */
    analysis *found; /* of this text; NULL until document_look */
    document *next;
};

document *document_find(document *first, const char *uri); /* or NULL */
/* A new one, or new text of one that is open already. */
document *document_open(document **first, const char *uri, const char *text);
void document_set(document *d, const char *text);
void document_close(document **first, const char *uri);

const analysis *document_look(document *d);
/* The errors of a text in a document's place, without anything of the weights. */
size_t document_errors_of(const document *d, const char *text);
/* The weights file that a model names, as seen from here; or NULL. */
const char *document_weights(const document *d, arena *a, const ast_model *m);
/* What the value at this place is, of the smallest expression there; or NULL. */
const char *analysis_shows(const analysis *found, span where);

#endif
