/* rename: where a name comes from, where it is used, and another name for it. */
#ifndef NNC_SERVER_RENAME_H
#define NNC_SERVER_RENAME_H

#include "server/document.h"

json_t *definition_at(document *d, size_t offset);                    /* a Location, or null */
json_t *references_at(document *d, size_t offset, bool declarations); /* Locations */
json_t *rename_range_at(document *d, size_t offset); /* the name's range, or null */
/* A WorkspaceEdit; NULL, and *why says why, where the name cannot be had. */
json_t *rename_at(document *d, size_t offset, const char *name, const char **why);
json_t *outline(document *d); /* DocumentSymbols: models and what they declare */

#endif
