/* json: jansson's calls that fail only when memory is short, which ends the program. */
#ifndef NNC_SERVER_JSON_H
#define NNC_SERVER_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "support/source.h"

json_t *json_made(json_t *value);                              /* itself; NULL is an ice() */
void json_put(json_t *object, const char *key, json_t *value); /* takes the value over */
void json_append(json_t *array, json_t *value);                /* the same */
json_t *json_text(const char *s);                              /* UTF-8; else its readable part */

/* A member of an object that was received, by a path "textDocument.uri"; NULL where there is none.
 */
json_t *json_at(const json_t *object, const char *path);
const char *json_string_at(const json_t *object, const char *path); /* or NULL */

/* Positions of the Language Server Protocol: lines from 0, columns in units of UTF-16. */
json_t *json_range(const source *s, span where);
/* False where there is no position; one behind a line's end is its end. */
bool json_offset(const source *s, const json_t *position, size_t *offset);

#endif
