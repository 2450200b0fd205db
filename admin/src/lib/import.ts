/** A file and what to do with it, in the form of the routes that take one. */
export function importing(file: File, workspace: string | undefined, isPreview: boolean, key: string) {
  return {
    params: { query: { preview: isPreview, file_name: file.name, workspace_id: workspace }, header: { 'Idempotency-Key': key } },
    headers: { 'content-type': 'application/octet-stream' },
    body: file,
    bodySerializer: (body: unknown) => (body instanceof Blob ? body : null),
  };
}
