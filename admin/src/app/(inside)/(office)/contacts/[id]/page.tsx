import { ContactPage } from '@/features/contacts/contact-page';

/** One file answers for every id: the path has the real one. */
export function generateStaticParams() {
  return [{ id: '_' }];
}

export default function OneContactPage() {
  return <ContactPage />;
}
