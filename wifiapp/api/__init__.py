"""The programs of others: a till sells tokens by `/api/v1` with a key of its business."""
