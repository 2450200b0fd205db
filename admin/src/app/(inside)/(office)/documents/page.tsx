import { DocumentsView } from '@/features/documents/documents-view';

export default function Documents() {
  return <DocumentsView />;
}
