import { ChatView } from '@/features/chat/chat-view';

/** One file answers for every id: the path has the real one. */
export function generateStaticParams() {
  return [{ id: '_' }];
}

export default function OneChatPage() {
  return <ChatView />;
}
