import { DocumentPage } from '@/features/documents/document-page';

export function generateStaticParams() {
  return [{ id: '_' }];
}

export default function Document() {
  return <DocumentPage />;
}
