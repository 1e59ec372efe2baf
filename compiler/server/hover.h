/* hover: what is known of the name at a place. */
#ifndef NNC_SERVER_HOVER_H
#define NNC_SERVER_HOVER_H

#include "server/document.h"

/* The protocol's Hover, or null. */
json_t *hover_at(document *d, size_t offset);

#endif
